import { setTimeout as delay } from 'node:timers/promises';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { type ErrorCode, reasonOf } from '#contracts/errors.ts';

/** A message as a stage sees it: decoded, with its place in the log. */
export interface IncomingMessage<V> {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** null is a tombstone. */
  readonly value: V | null;
  /** W3C trace context; undefined when the producer sent none. */
  readonly trace: string | undefined;
}

/** A message that cannot be handled, and why. */
export interface Rejection {
  readonly message: KafkaMessage;
  readonly code: ErrorCode;
  readonly reason: string;
}

export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first?.toString();
}

const REGISTRY_RETRY_MS = 500;

/**
 * Decodes a value, or returns the DecodeError that says why it never will. Waits out an unreachable registry:
 * an outage must not turn good messages into dead letters.
 */
export async function decodeValue<V>(
  value: Buffer,
  decode: (bytes: Buffer) => V | Promise<V>,
  log: Logger,
): Promise<V | DecodeError> {
  for (;;) {
    try {
      return await decode(value);
    } catch (error) {
      if (error instanceof DecodeError) return error;
      log.warn({ reason: reasonOf(error) }, 'cannot decode yet; trying again');
      await delay(REGISTRY_RETRY_MS);
    }
  }
}
