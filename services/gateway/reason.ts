import { deedOf } from '#contracts/domain/action-types.ts';

/**
 * Why an item stands in a slate, in words for its reader: `because you bought “Whole Milk”`.
 * @param because the medoid that led there, by title, and what the user did to it; null when none did
 */
export function explain(
  models: readonly string[],
  because: { readonly title: string; readonly type: string } | null,
): string {
  if (because !== null) return `because you ${deedOf(because.type)} “${because.title}”`;
  return models.includes('trending') ? 'popular right now' : 'suggested for you';
}
