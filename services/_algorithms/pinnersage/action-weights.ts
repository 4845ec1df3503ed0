/**
 * What each type of action says about interest, unless configuration says otherwise: a purchase more than a look,
 * and dislike below zero.
 */
export const DEFAULT_ACTION_WEIGHTS = {
  view: 0.2,
  click: 0.4,
  save: 1,
  share: 1,
  message: 1,
  buy: 1,
  rate: 1,
  hide: -1,
  return: -1,
} as const;
