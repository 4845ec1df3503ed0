import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from './errors.ts';

const PAUSE_MS = 1_000;

export interface Patience {
  /** How long failures that may end are tried again, in milliseconds; 0 tries once. */
  readonly patienceMs: number;
  /** Called before the first pause, with the failure. */
  readonly onWait: (error: TributaryError) => void;
  /** Milliseconds of a monotonic clock. Default: that of the process. */
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** Whether the registry may still be starting, or the schemas are still to be registered. */
function mayEnd(error: unknown): error is TributaryError {
  return error instanceof TributaryError && (error.retryable || error.code === 'registry.not-registered');
}

/**
 * Repeats the preparation of a stage while the registry or its schemas are not there yet: where everything starts at once, a
 * process that waits costs less than one that ends and is started again.
 * @throws what the last attempt threw
 */
export async function patiently<T>(
  prepare: () => Promise<T>,
  { patienceMs, onWait, now = () => performance.now(), pause = (ms) => delay(ms) }: Patience,
): Promise<T> {
  const deadline = now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await prepare();
    } catch (error) {
      if (!mayEnd(error) || now() + PAUSE_MS > deadline) throw error;
      if (attempt === 0) onWait(error);
    }
    await pause(PAUSE_MS);
  }
}
