import { deedOf } from '#contracts/domain/action-types.ts';
import { canExplain, fillExplanation } from '#contracts/domain/explanation.ts';

/** For slates whose model explained nothing. */
const WITH_CAUSE = 'because you {deed} {cause}';
const WITHOUT_CAUSE = 'suggested for you';

/**
 * Why an item stands in a slate, in words for its reader: `because you bought “Whole Milk”`.
 * @param explanation the template of the slot, empty when its model explains nothing
 * @param because the item that led there, by title, and the user's action on it; null when none did
 */
export function explain(
  explanation: string,
  because: { readonly title: string; readonly type: string } | null,
): string {
  if (because === null) return canExplain(explanation, false) ? explanation : WITHOUT_CAUSE;
  return fillExplanation(explanation === '' ? WITH_CAUSE : explanation, {
    deed: deedOf(because.type),
    cause: `“${because.title}”`,
  });
}
