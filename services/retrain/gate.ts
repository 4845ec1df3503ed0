import type { Release } from '#contracts/generated/records.ts';

/** Offline figures that the gate looks at; all in [0, 1] on held-out pairs. */
export interface OfflineMetrics {
  readonly hitRateAt10: number;
  readonly contentHitRateAt10: number;
  readonly heldOutPairs: number;
}

/** Held-out pairs below which the figures are noise and cannot refuse a generation. */
const LEAST_PAIRS = 50;
/** A generation may fall this share below the active one, whose held-out pairs were others, before it is refused. */
const TOLERATED_FALL = 0.5;

/**
 * Why a trained generation must not be served; undefined when it may. It has to beat the content alone, which costs
 * nothing, and must not collapse against the generation that it would replace.
 */
export function refusal(metrics: OfflineMetrics, active: Release | undefined): string | undefined {
  const { hitRateAt10, contentHitRateAt10, heldOutPairs } = metrics;
  if (!Number.isFinite(hitRateAt10)) return `hit rate at 10 is ${hitRateAt10}`;
  if (heldOutPairs < LEAST_PAIRS) return undefined;
  if (hitRateAt10 < contentHitRateAt10) {
    return `hit rate at 10 of ${hitRateAt10.toFixed(4)} is below the content alone (${contentHitRateAt10.toFixed(4)})`;
  }
  const served = active?.metrics.hitRateAt10;
  if (served !== undefined && hitRateAt10 < served * (1 - TOLERATED_FALL)) {
    return `hit rate at 10 of ${hitRateAt10.toFixed(4)} is less than half of the active generation's (${served.toFixed(4)})`;
  }
  return undefined;
}
