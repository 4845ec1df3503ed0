import { quantile } from '#algorithms/evaluation/quantile.ts';
import type { DatasetAction } from '../data/dataset.ts';
import type { Gateway } from '../data/gateway.ts';
import type { Clock } from '../data/replay.ts';

/**
 * Milliseconds from the arrival of the gateway's 202 for an action to the arrival of the first slate of that user
 * whose `interestsVersion` has reached the offset of the action. Slates are requested one after the other with pauses
 * of 10 ms, so a figure is too large by at most that and one request.
 */
export interface FreshnessReport {
  /** Null if there was no probe. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** Number of probes that ended with a slate. */
  readonly count: number;
  /** Number of probes that timed out; they are in no quantile, and zero are expected. */
  readonly timedOut: number;
  /** Number of actions that were not probed because the index does not hold their item. */
  readonly skipped: number;
}

export interface FreshnessOptions {
  readonly gateway: Pick<Gateway, 'recommend' | 'isIndexed'>;
  /** Only differences matter, so a monotonic clock may be used. */
  readonly clock: Clock;
  /** Minimum time between the starts of two probes, in milliseconds. Default 150. */
  readonly intervalMs?: number;
  /** Timeout of a probe in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface FreshnessProbe {
  /** To be called when the 202 of an action arrives; most actions are not probed. */
  consider(action: DatasetAction, offset: number): void;
  /** Returns the measurements so far. */
  report(): FreshnessReport;
  /** Resolves when no probe is in progress. */
  settled(): Promise<void>;
}

const POLL_MS = 10;
const SLATE_SIZE = 10;

export function createFreshnessProbe(options: FreshnessOptions): FreshnessProbe {
  const { gateway, clock, intervalMs = 150, timeoutMs = 10_000 } = options;
  const indexed = new Map<string, boolean>();
  const underWay = new Set<Promise<void>>();
  const samples: number[] = [];
  let timedOut = 0;
  let skipped = 0;
  let last = Number.NEGATIVE_INFINITY;

  async function isIndexed(itemId: string): Promise<boolean> {
    const known = indexed.get(itemId) ?? (await gateway.isIndexed(itemId));
    indexed.set(itemId, known);
    return known;
  }

  async function probe({ userId, itemId }: DatasetAction, offset: number, acceptedAt: number): Promise<void> {
    if (!(await isIndexed(itemId))) {
      skipped += 1;
      return;
    }
    while (clock.now() - acceptedAt < timeoutMs) {
      // A failed request says nothing about freshness; the next one may succeed.
      const slate = await gateway.recommend(userId, SLATE_SIZE, { isProbe: true }).catch(() => undefined);
      if (slate !== undefined && slate.interestsVersion >= offset) {
        samples.push(clock.now() - acceptedAt);
        return;
      }
      await clock.sleep(POLL_MS);
    }
    timedOut += 1;
  }

  return {
    consider(action, offset) {
      const acceptedAt = clock.now();
      if (acceptedAt - last < intervalMs) return;
      last = acceptedAt;
      const probing = probe(action, offset, acceptedAt)
        .catch(() => {
          timedOut += 1;
        })
        .finally(() => underWay.delete(probing));
      underWay.add(probing);
    },
    report: () => ({
      p50: quantileOf(samples, 0.5),
      p99: quantileOf(samples, 0.99),
      max: quantileOf(samples, 1),
      count: samples.length,
      timedOut,
      skipped,
    }),
    async settled() {
      await Promise.all(underWay);
    },
  };
}

function quantileOf(samples: readonly number[], q: number): number | null {
  return samples.length === 0 ? null : Math.round(quantile(samples, q) * 10) / 10;
}
