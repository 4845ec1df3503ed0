import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../errors.ts';

const POLL_MS = 20;
const DEADLINE_MS = 30_000;

/**
 * Waits until the condition answers neither false nor undefined, and returns its answer. An error counts as "not
 * yet" and is told when the deadline passes.
 * @param what completes "not in time: …"
 */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + deadlineMs;
  let last = 'the condition does not hold';
  while (performance.now() < deadline) {
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      last = 'the condition does not hold';
    } catch (error) {
      last = reasonOf(error);
    }
    await delay(POLL_MS);
  }
  throw new Error(`not in time: ${what} (${last})`);
}
