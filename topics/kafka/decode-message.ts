import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { LogMessage } from './record-batches.ts';

type Decode<V> = (bytes: Buffer) => V | Promise<V>;

const REGISTRY_RETRY_MS = 500;

/**
 * Decodes the value of a message; null is a tombstone, and a DecodeError is final. While the registry is unreachable it
 * retries, because an outage must not turn valid messages into dead letters.
 * @returns a promise only if the codec needs the registry, so that a message of a known schema costs no await
 */
export function decodeMessage<V>(
  { value, batchError }: Pick<LogMessage, 'value' | 'batchError'>,
  decode: Decode<V>,
  log: Pick<Logger, 'warn'>,
): V | null | DecodeError | Promise<V | DecodeError> {
  if (batchError !== undefined) return batchError;
  if (value === null) return null;
  try {
    const decoded = decode(value);
    if (!(decoded instanceof Promise)) return decoded;
    return decoded.catch((error: unknown) => decodeLater(error, value, decode, log));
  } catch (error) {
    return error instanceof DecodeError ? error : decodeLater(error, value, decode, log);
  }
}

/** @param failure the error of the first attempt */
async function decodeLater<V>(
  failure: unknown,
  value: Buffer,
  decode: Decode<V>,
  log: Pick<Logger, 'warn'>,
): Promise<V | DecodeError> {
  for (let error = failure; ; ) {
    if (error instanceof DecodeError) return error;
    log.warn(
      { reason: reasonOf(error) },
      'the registry is unreachable, so a message cannot be decoded yet; retrying',
    );
    await delay(REGISTRY_RETRY_MS);
    try {
      return await decode(value);
    } catch (next) {
      error = next;
    }
  }
}
