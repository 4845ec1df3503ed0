import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../parts/setup-error.mjs';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Between two looks, in milliseconds; 250 unless given. */
  readonly everyMs?: number;
}

/**
 * Looks again and again until `look` gives something other than undefined.
 *
 * @param what completes the sentence "… did not happen within … s"
 * @throws {SetupError} after the time given; and whatever `look` throws
 */
export async function waitFor<T>(
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
        'Look at the logs of the stages in the run directory',
      );
    }
    await delay(everyMs);
  }
}
