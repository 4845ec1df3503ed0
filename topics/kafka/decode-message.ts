import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { LogMessage } from './record-batches.ts';

type Decode<V> = (bytes: Buffer) => V | Promise<V>;

const REGISTRY_RETRY_MS = 500;

/**
 * The value of a message: null for a tombstone, or the DecodeError that says why it can never be had. An outage of the
 * registry must not turn good messages into dead letters, so it is waited out.
 * @returns a promise only where the registry is asked, so that other messages cost no turn of the microtask queue
 */
export function decodeMessage<V>(
  { value, refused }: Pick<LogMessage, 'value' | 'refused'>,
  decode: Decode<V>,
  log: Pick<Logger, 'warn'>,
): V | null | DecodeError | Promise<V | DecodeError> {
  if (refused !== undefined) return refused;
  if (value === null) return null;
  try {
    const decoded = decode(value);
    if (!(decoded instanceof Promise)) return decoded;
    return decoded.catch((error: unknown) => decodeLater(error, value, decode, log));
  } catch (error) {
    return error instanceof DecodeError ? error : decodeLater(error, value, decode, log);
  }
}

/** @param failure what the first attempt threw */
async function decodeLater<V>(
  failure: unknown,
  value: Buffer,
  decode: Decode<V>,
  log: Pick<Logger, 'warn'>,
): Promise<V | DecodeError> {
  for (let error = failure; ; ) {
    if (error instanceof DecodeError) return error;
    log.warn({ reason: reasonOf(error) }, 'cannot decode yet; trying again');
    await delay(REGISTRY_RETRY_MS);
    try {
      return await decode(value);
    } catch (next) {
      error = next;
    }
  }
}
