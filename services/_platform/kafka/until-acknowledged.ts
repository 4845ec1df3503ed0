import { setTimeout as delay } from 'node:timers/promises';
import { TributaryError } from '#contracts/errors.ts';

export interface InsistOptions {
  /** Ends the repeats: a draining stage leaves the rest to redelivery. */
  readonly signal: AbortSignal;
  /** Called before each repeat. */
  readonly onRepeat: (error: TributaryError) => void;
  /** The first pause, and the longest; it doubles with each repeat. Default REPEAT_MS. */
  readonly pauseMs?: { readonly first: number; readonly longest: number };
}

const REPEAT_MS = { first: 200, longest: 5_000 };

/**
 * Repeats a write that the brokers did not acknowledge until they do, so that a handler outlives an outage. The message may then be in
 * the log twice, as after a crash and a redelivery, which every reader expects.
 * @throws the error of the write if it does not pass, or once the signal is aborted
 */
export async function untilAcknowledged<T>(
  write: () => Promise<T>,
  { signal, onRepeat, pauseMs: { first, longest } = REPEAT_MS }: InsistOptions,
): Promise<T> {
  for (let pauseMs = first; ; pauseMs = Math.min(2 * pauseMs, longest)) {
    try {
      return await write();
    } catch (error) {
      const isPassing = error instanceof TributaryError && error.code === 'kafka.unacknowledged';
      if (!isPassing || signal.aborted) throw error;
      onRepeat(error);
      // Only the signal rejects the pause, and the last write then decides.
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
