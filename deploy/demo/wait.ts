import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../local/parts/setup-error.mjs';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Pause between two checks, in milliseconds. Default 250. */
  readonly everyMs?: number;
}

/**
 * Calls `look` repeatedly until it returns something other than undefined.
 *
 * @param what completes the sentence "… did not happen within … s"
 * @throws {SetupError} after the given time; and every error of `look`
 */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { timeoutMs, everyMs = 250 }: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      throw new SetupError(
        `${what} did not happen within ${timeoutMs / 1000} s`,
        'Read the logs of the stages in the run directory',
      );
    }
    await delay(everyMs);
  }
}
