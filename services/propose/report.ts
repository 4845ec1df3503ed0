import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { ProposeMetrics } from './metrics.ts';

/**
 * - `ok`: the list was published
 * - `skipped`: the model has no list for the user, such as in a generation that the index no longer holds
 * - `failed`: the model threw an error
 * - `timed_out`: the model gave no result within the time limit
 * - `dropped`: the user waited for a failing model until too many users did
 */
export type Outcome = 'ok' | 'skipped' | 'failed' | 'timed_out' | 'dropped';

/** Where models and their failures become visible: in the metrics and, now and then, in the log. */
export interface Report {
  /** @param lists number of lists, one a user */
  count(model: string, outcome: Outcome, lists: number): void;
  waiting(model: string, users: number): void;
  warn(model: string, message: string, error?: unknown): void;
}

/** A model that fails does so with every batch: its warnings are logged at most this often. */
const WARN_EVERY_MS = 60_000;

export function createReport(options: {
  metrics: ProposeMetrics;
  log: Pick<Logger, 'warn'>;
  now: () => number;
}): Report {
  const { metrics, log, now } = options;
  const last = new Map<string, { at: number; unlogged: number }>();
  return {
    count(model, outcome, lists) {
      if (lists > 0) metrics.proposals.inc({ model, outcome }, lists);
    },
    waiting(model, users) {
      metrics.waitingUsers.set({ model }, users);
    },
    warn(model, message, error) {
      const kind = `${model}: ${message}`;
      const known = last.get(kind);
      if (known !== undefined && now() - known.at < WARN_EVERY_MS) {
        known.unlogged += 1;
        return;
      }
      const reason = error === undefined ? {} : { reason: reasonOf(error) };
      log.warn({ model, ...reason, unlogged: known?.unlogged ?? 0 }, message);
      last.set(kind, { at: now(), unlogged: 0 });
    },
  };
}
