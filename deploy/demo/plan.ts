import { collect, type Dataset } from '../data/dataset.ts';
import { shiftToEndAt } from '../data/shift.ts';
import { SetupError } from '../local/parts/setup-error.mjs';

/** Divides a data set into history and live part. */
export interface ReplayPlan {
  /** Number of leading actions that are history; the rest is live. */
  readonly historyCount: number;
  readonly liveCount: number;
  /** Added to the times of the history, in milliseconds, so that it ends now. */
  readonly shift: number;
  /** Time from the oldest to the newest event of the history, in milliseconds. */
  readonly spanMs: number;
}

const LIVE_SHARE = 0.1;
const LIVE_SECONDS = 45;
/** Number of last actions of the history among whose users the showcase is chosen. */
const LATEST = 1_000;

/** Reserves the newest tenth, but no more than is replayed in 45 seconds at `rate` actions a second. */
export function divide(actionCount: number, rate: number): { historyCount: number; liveCount: number } {
  const liveCount = Math.min(Math.ceil(actionCount * LIVE_SHARE), rate * LIVE_SECONDS);
  return { historyCount: actionCount - liveCount, liveCount };
}

/**
 * @param now milliseconds since the epoch
 * @throws {SetupError} for a set with fewer than two actions, which cannot be divided
 */
export async function planReplay(dataset: Dataset, rate: number, now: number): Promise<ReplayPlan> {
  const { historyCount, liveCount } = divide(dataset.actionCount, rate);
  const [oldest] = await collect(dataset.actions(0, 1));
  const [newest] = await collect(dataset.actions(historyCount - 1, historyCount));
  if (historyCount < 1 || oldest === undefined || newest === undefined) {
    throw new SetupError(
      `${dataset.title}: ${dataset.actionCount} usable actions, but the demo needs at least two`,
      'Give more',
    );
  }
  const spanMs = newest.occurredAt - oldest.occurredAt;
  return { historyCount, liveCount, spanMs, shift: shiftToEndAt(newest.occurredAt, now) };
}

/** Returns some users of the newest history, the most recent first, for the showcase. */
export async function latestUsers(
  dataset: Dataset,
  { historyCount }: ReplayPlan,
  count: number,
): Promise<string[]> {
  const newest = await collect(dataset.actions(Math.max(0, historyCount - LATEST), historyCount));
  return [...new Set(newest.reverse().map(({ userId }) => userId))].slice(0, count);
}
