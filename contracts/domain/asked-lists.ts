/**
 * Lists that are no part of a slate unless its request asks for them: they would repeat what the user has, or crowd out the other lists.
 * Propose writes them like any other list.
 */

/**
 * Items that a user buys again and again. The score is the expected time between two purchases in days, and the cause of an item is the
 * item itself with the time of the last purchase: when the next one is due depends on when the list is shown.
 */
export const BOUGHT_AGAIN = 'bought-again';

/** The items of each category that trend, for requests that name a category. */
export const TRENDING_BY_CATEGORY = 'trending-by-category';

/** The values of `list` in a request for a slate. */
export const LISTS_BY_NAME = [BOUGHT_AGAIN] as const;
export type ListByName = (typeof LISTS_BY_NAME)[number];

/** Whether the list of the model is shown on request only. */
export function isOnRequest(model: string): boolean {
  return model === BOUGHT_AGAIN || model === TRENDING_BY_CATEGORY;
}
