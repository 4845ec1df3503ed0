import type { ErrorCode } from '#contracts/errors.ts';
import { headerText } from '#topics/kafka/headers.ts';
import type { LogMessage } from '#topics/kafka/record-batches.ts';
import { TRACE_HEADER } from '../observability/trace.ts';

/** A message as a stage sees it: decoded, with its partition and offset. */
export interface IncomingMessage<V> {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Kafka's timestamp, in milliseconds since the epoch; the clock of the broker bounds it. */
  readonly timestamp: number;
  /** null is a tombstone. */
  readonly value: V | null;
  /** The bytes of the value as they are in the log, for those who store them; undefined for a tombstone. A view: do not write to it. */
  readonly bytes?: Buffer | undefined;
  /** W3C trace context; undefined if the producer sent none. */
  readonly trace: string | undefined;
}

/** A message of a topic that a process follows. */
export interface FollowedMessage<V> extends IncomingMessage<V> {
  /** Whether the message came after the start of the follower; left out for those that were in the log already. */
  readonly isLater?: boolean;
}

/** A message that cannot be handled, and the reason. */
export interface Rejection {
  readonly message: LogMessage;
  readonly code: ErrorCode;
  readonly reason: string;
}

export function incomingMessage<V>(
  partition: number,
  { offset, key, timestamp, headers, value: bytes }: LogMessage,
  value: V | null,
): IncomingMessage<V> {
  return {
    partition,
    offset: Number(offset),
    key: key?.toString() ?? '',
    timestamp: Number(timestamp),
    value,
    bytes: bytes ?? undefined,
    trace: headerText(headers, TRACE_HEADER),
  };
}
