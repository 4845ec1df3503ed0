import type { Release } from '#contracts/generated/records.ts';
import type { NewItemMetrics } from '../training/train.ts';

/** Offline figures that the gate compares: shares of held-out pairs whose positive is among the 100 nearest. */
export interface OfflineMetrics {
  readonly hitRateAt100: number;
  /** The same with the content of the items alone. */
  readonly contentHitRateAt100: number;
  /** The same with the active generation's weights over the same graph, if the training started from them. */
  readonly activeHitRateAt100?: number | undefined;
  readonly heldOutPairs: number;
  /** New items of users as they are served, if enough users were judged. */
  readonly newItems?: NewItemMetrics | undefined;
}

/** Minimum number of held-out pairs; with fewer, the figures are noise and reject nothing. */
const LEAST_PAIRS = 50;
/** Standard errors of the difference that a drop must exceed to be significant … */
const SIGNIFICANT = 2;
/** … and the share of the reference that it must exceed too: with many pairs even irrelevant drops are significant. */
const MATERIAL = 0.05;
/** Largest tolerated drop, as a share, below an active generation whose figure is of other pairs. */
const TOLERATED_FALL = 0.5;

/**
 * Why a trained generation must not be served; undefined if it may. Where new items were judged for the same users by the weights that it
 * would replace, it must not find clearly fewer of them. It must not be clearly worse than the content
 * alone, which costs nothing, nor than the weights that it would replace, if those were measured on the same pairs;
 * if they were not, it must not collapse relative to the figure of the active release.
 */
export function rejectionReason(metrics: OfflineMetrics, active: Release | undefined): string | undefined {
  const { hitRateAt100, contentHitRateAt100, activeHitRateAt100, heldOutPairs } = metrics;
  if (!Number.isFinite(hitRateAt100)) return `hit rate at 100 is ${hitRateAt100}`;
  if (!Number.isFinite(contentHitRateAt100))
    return `hit rate at 100 of the content is ${contentHitRateAt100}`;
  const paired = metrics.newItems?.warmStart;
  if (paired !== undefined && paired.gain.high < -MATERIAL * paired.ndcg10) {
    const { learned, users } = metrics.newItems!;
    return `NDCG@10 of the new items of ${users} users is ${learned.toFixed(4)}, and ${paired.ndcg10.toFixed(4)} by the active generation's weights`;
  }
  if (heldOutPairs < LEAST_PAIRS) return undefined;
  if (isBelow(hitRateAt100, contentHitRateAt100, heldOutPairs)) {
    return `hit rate at 100 of ${hitRateAt100.toFixed(4)} is below the content alone (${contentHitRateAt100.toFixed(4)})`;
  }
  // What is served decides, where it was compared.
  if (paired !== undefined) return undefined;
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

/**
 * Whether one share is below the other by more than chance explains (both are estimates from the same number of
 * pairs), and by more than is tolerated.
 */
function isBelow(share: number, bar: number, pairs: number): boolean {
  const explained = SIGNIFICANT * Math.sqrt((variance(share) + variance(bar)) / pairs);
  return share < bar - Math.max(explained, MATERIAL * bar);
}

function variance(share: number): number {
  return share * (1 - share);
}
