import type { Release } from '#contracts/generated/records.ts';

/** Offline figures that the gate looks at: shares of held-out pairs whose positive is among the 100 nearest. */
export interface OfflineMetrics {
  readonly hitRateAt100: number;
  /** The same by the content of the items alone. */
  readonly contentHitRateAt100: number;
  /** The same by the active generation's weights over the same graph, where the training began with them. */
  readonly activeHitRateAt100?: number | undefined;
  readonly heldOutPairs: number;
}

/** Held-out pairs below which the figures are noise and cannot refuse a generation. */
const LEAST_PAIRS = 50;
/** Standard errors of the difference that a fall must exceed to count as one … */
const SIGNIFICANT = 2;
/** … and the share of the bar: where pairs are many, or the content all but perfect, less than this matters to nobody. */
const MATERIAL = 0.05;
/** A generation may fall this share below an active one whose figure is of other pairs, before it is refused. */
const TOLERATED_FALL = 0.5;

/**
 * Why a trained generation must not be served; undefined when it may. It must not be clearly worse than the content alone,
 * which costs nothing, nor than the weights that it would replace where those were measured on the same pairs; where they
 * were not, it must not collapse against the figure of the active release.
 */
export function rejectionReason(metrics: OfflineMetrics, active: Release | undefined): string | undefined {
  const { hitRateAt100, contentHitRateAt100, activeHitRateAt100, heldOutPairs } = metrics;
  if (!Number.isFinite(hitRateAt100)) return `hit rate at 100 is ${hitRateAt100}`;
  if (!Number.isFinite(contentHitRateAt100))
    return `hit rate at 100 of the content is ${contentHitRateAt100}`;
  if (heldOutPairs < LEAST_PAIRS) return undefined;
  if (isBelow(hitRateAt100, contentHitRateAt100, heldOutPairs)) {
    return `hit rate at 100 of ${hitRateAt100.toFixed(4)} is below the content alone (${contentHitRateAt100.toFixed(4)})`;
  }
  if (activeHitRateAt100 !== undefined) {
    if (!isBelow(hitRateAt100, activeHitRateAt100, heldOutPairs)) return undefined;
    return `hit rate at 100 of ${hitRateAt100.toFixed(4)} is below the active generation's weights on the same pairs (${activeHitRateAt100.toFixed(4)})`;
  }
  const served = active?.metrics.hitRateAt100;
  if (served !== undefined && hitRateAt100 < served * (1 - TOLERATED_FALL)) {
    return `hit rate at 100 of ${hitRateAt100.toFixed(4)} is less than half of the active generation's (${served.toFixed(4)})`;
  }
  return undefined;
}

/** By more than chance explains, both shares being estimates of as many pairs, and by more than is tolerable anyway. */
function isBelow(share: number, bar: number, pairs: number): boolean {
  const explained = SIGNIFICANT * Math.sqrt((variance(share) + variance(bar)) / pairs);
  return share < bar - Math.max(explained, MATERIAL * bar);
}

function variance(share: number): number {
  return share * (1 - share);
}
