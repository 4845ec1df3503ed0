import { collect, type Dataset } from '../data/dataset.ts';
import { shiftToEndAt } from '../data/shift.ts';
import { SetupError } from '../parts/setup-error.mjs';

/** How a data set is divided between the past and the present. */
export interface ReplayPlan {
  /** The first so many actions are history, the rest is live. */
  readonly historyCount: number;
  readonly liveCount: number;
  /** Added to the times of the history, in milliseconds, so that it ends now. */
  readonly shift: number;
  /** From the oldest to the newest event of the history, in milliseconds. */
  readonly spanMs: number;
}

const LIVE_SHARE = 0.1;
const LIVE_SECONDS = 45;
/** Actions among which users to show are looked for. */
const LATEST = 1_000;

/** Holds back the newest tenth, but no more than is replayed in 45 seconds at `rate` actions a second. */
export function divide(actionCount: number, rate: number): { historyCount: number; liveCount: number } {
  const liveCount = Math.min(Math.ceil(actionCount * LIVE_SHARE), rate * LIVE_SECONDS);
  return { historyCount: actionCount - liveCount, liveCount };
}

/**
 * @param now milliseconds since the epoch
 * @throws {SetupError} for a set with fewer than two actions, of which nothing can be both past and present
 */
export async function planReplay(dataset: Dataset, rate: number, now: number): Promise<ReplayPlan> {
  const { historyCount, liveCount } = divide(dataset.actionCount, rate);
  const [oldest] = await collect(dataset.actions(0, 1));
  const [newest] = await collect(dataset.actions(historyCount - 1, historyCount));
  if (historyCount < 1 || oldest === undefined || newest === undefined) {
    throw new SetupError(
      `${dataset.title}: ${dataset.actionCount} usable actions, where a demo needs two`,
      'Give more',
    );
  }
  const spanMs = newest.occurredAt - oldest.occurredAt;
  return { historyCount, liveCount, spanMs, shift: shiftToEndAt(newest.occurredAt, now) };
}

/** Some users of the newest history, the most recent first: their interests and slates are worth a look. */
export async function latestUsers(
  dataset: Dataset,
  { historyCount }: ReplayPlan,
  count: number,
): Promise<string[]> {
  const newest = await collect(dataset.actions(Math.max(0, historyCount - LATEST), historyCount));
  return [...new Set(newest.reverse().map(({ userId }) => userId))].slice(0, count);
}
