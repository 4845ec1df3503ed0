import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '#contracts/errors.ts';
import { GatewayError } from '../data/gateway.ts';
import type { Clock } from '../data/replay.ts';
import { SetupError } from '../local/parts/setup-error.mjs';

/** What a look found: the result, or how far the work is, which differs from the last time while work is done. */
export type Look<T> = { readonly found: T } | { readonly progress: string };

export interface WaitOptions {
  /** Prints how far the work is. */
  readonly say: (line: string) => void;
  /** Pause between two looks, in milliseconds. Default 250. */
  readonly everyMs?: number;
  /** Time between two lines of progress, in milliseconds. Default 10 s. */
  readonly sayEveryMs?: number;
  /** Time without any progress after which waiting is an error, in milliseconds. Default 10 minutes. */
  readonly stalledMs?: number;
  readonly clock?: Clock;
}

const WALL_CLOCK: Clock = { now: () => performance.now(), sleep: (ms) => delay(ms) };

/**
 * Looks repeatedly until the result is there, and prints the progress meanwhile. Slow work never fails: only work whose
 * progress stands still for `stalledMs` does. A stage that is too busy to answer shows no progress, but is no error either.
 *
 * @param what names the work, such as “Clustering the users”
 * @throws {SetupError} if nothing moved for that time; and every error of `look` that another look would not avoid
 */
export async function waitForProgress<T>(
  what: string,
  look: () => Promise<Look<T>>,
  options: WaitOptions,
): Promise<T> {
  const { say, everyMs = 250, sayEveryMs = 10_000, stalledMs = 600_000, clock = WALL_CLOCK } = options;
  const since = clock.now();
  let moved = since;
  let said = since;
  let last: string | undefined;
  let told: string | undefined;
  for (;;) {
    const seen: Seen<T> = await look().catch(busy);
    if ('found' in seen) return seen.found;
    const now = clock.now();
    const { progress, reason } = seen;
    if (progress !== undefined && progress !== last) {
      last = progress;
      moved = now;
    }
    if (now - moved >= stalledMs) {
      const minutes = Math.round(stalledMs / 60_000);
      throw new SetupError(
        `${what} has made no progress for ${minutes} minutes; the last was: ${last ?? reason ?? 'none'}`,
        'Read the logs of the stages in the run directory',
      );
    }
    const line = last ?? reason;
    if (now - said >= sayEveryMs && line !== told) {
      said = now;
      told = line;
      say(`${what}: ${line} (${Math.round((now - since) / 1_000)} s so far)`);
    }
    await clock.sleep(everyMs);
  }
}

/** A look of which nothing was learned has only the reason. */
type Seen<T> = { readonly found: T } | { readonly progress?: string; readonly reason?: string };

/** A stage that is busy may answer the next look. */
function busy(error: unknown): { readonly reason: string } {
  const passes =
    (error instanceof TributaryError && error.retryable) ||
    (error instanceof GatewayError && (error.status === 503 || error.status === 429));
  if (!passes) throw error;
  return { reason: error.message };
}
