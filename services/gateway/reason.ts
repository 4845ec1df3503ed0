import type { ActionType } from '#contracts/generated/records.ts';

/** An action told to the one who took it; actions that turn away from an item are told neutrally. */
const DEEDS: Readonly<Record<ActionType, string>> = {
  view: 'viewed',
  click: 'clicked',
  save: 'saved',
  share: 'shared',
  message: 'wrote about',
  buy: 'bought',
  rate: 'rated',
  hide: 'know',
  return: 'know',
};

function isActionType(type: string): type is ActionType {
  return Object.hasOwn(DEEDS, type);
}

/**
 * Why an item stands in a slate, in words for its reader: `because you bought “Whole Milk”`.
 * @param because the medoid that led there, by title, and what the user did to it; null when none did
 */
export function explain(
  models: readonly string[],
  because: { readonly title: string; readonly type: string } | null,
): string {
  if (because !== null) {
    const deed = isActionType(because.type) ? DEEDS[because.type] : 'know';
    return `because you ${deed} “${because.title}”`;
  }
  return models.includes('trending') ? 'popular right now' : 'suggested for you';
}
