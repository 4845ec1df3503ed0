import type { Exposure } from '#contracts/generated/records.ts';
import type { AttributionRules } from './attribution.ts';
import type { Acts } from './objectives.ts';

/**
 * Returns what is known of whether the user saw each slot. Where an app reports impressions of a slate, only they and the
 * actions show it. Elsewhere a reaction shows that the user looked at the slate as a whole.
 */
export function exposures(
  slots: readonly Acts[],
  { teachesSilence }: Pick<AttributionRules, 'teachesSilence'>,
): Exposure[] {
  const hasImpressions = slots.some(({ impression }) => impression !== undefined);
  const isSilent = slots.every((acts) => Object.keys(acts).length === 0);
  const rest = hasImpressions ? 'unseen' : isSilent && !teachesSilence ? 'unknown' : 'assumed';
  return slots.map((acts) => (Object.keys(acts).length > 0 ? 'seen' : rest));
}
