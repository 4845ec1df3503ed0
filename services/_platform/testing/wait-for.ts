import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/**
 * Polls until the condition returns something other than undefined and false, and resolves with that.
 * @param options.message names the awaited event in the error
 * @param options.timeoutMs default 15 s; a long timeout costs time only if a test fails
 */
export async function waitFor<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  options: { message: string; timeoutMs?: number },
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 15_000);
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`timed out waiting for: ${options.message}`);
    await delay(POLL_MS);
  }
}
