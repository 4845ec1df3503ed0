import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Lane } from './lanes.ts';

/** Whether a broker refused a request for its size. */
export function isTooLarge(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && (cause.type === 'MESSAGE_TOO_LARGE' || cause.type === 'RECORD_LIST_TOO_LARGE'))
      return true;
  }
  return false;
}

export function recordTooLarge(topic: string, reason: string, cause?: unknown): TributaryError {
  return new TributaryError('entry.too-large', `${topic}: ${reason}`, { cause, status: 413 });
}

export function unacknowledged({ topic, partition }: Lane, cause: unknown): TributaryError {
  const reason = `${topic}, partition ${partition}: ${reasonOf(cause)}`;
  return new TributaryError('kafka.unacknowledged', reason, { cause, retryable: true, status: 503 });
}

export function expired({ topic, partition }: Lane, withinMs: number): TributaryError {
  const reason = `${topic}, partition ${partition}: the brokers did not take it within ${withinMs} ms`;
  return new TributaryError('kafka.unacknowledged', reason, { retryable: true, status: 503 });
}

export function overfull(topic: string, waitingBytes: number): TributaryError {
  const reason = `${topic}: ${Math.round(waitingBytes / 1_048_576)} MiB already wait for the brokers`;
  return new TributaryError('kafka.unacknowledged', reason, { retryable: true, status: 503 });
}
