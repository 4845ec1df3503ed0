/** The rules for the keys of messages in topics keyed by userId. */
import { isUtf8 } from 'node:buffer';
import { MAX_ID_BYTES } from '#contracts/domain/ids.ts';
import type { ErrorCode } from '#contracts/errors.ts';
import { partitionOfKey } from './partitioner.ts';

export interface KeyFault {
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * Returns why a message cannot be of a user; undefined for a key of 1 to 256 bytes of UTF-8 in the partition that it
 * belongs to. All state of a user is fenced by the offsets of that one partition, so messages in another
 * partition would be dropped as duplicates, or would cause the correct messages to be dropped.
 * @param partitions number of partitions of the topic
 */
export function userKeyFault(
  key: Buffer | null,
  partition: number,
  partitions: number,
): KeyFault | undefined {
  const reason = faultOfBytes(key);
  if (reason !== undefined) return { code: 'message.key', reason };
  const own = partitionOfKey(key!, partitions);
  if (own === partition) return undefined;
  return {
    code: 'partition.wrong',
    reason: `it is in partition ${partition}, but its key belongs to partition ${own} of ${partitions} (murmur2 of the key)`,
  };
}

function faultOfBytes(key: Buffer | null): string | undefined {
  if (key === null || key.length === 0) return 'the message has no key';
  if (key.length > MAX_ID_BYTES)
    return `the key has ${key.length} bytes; at most ${MAX_ID_BYTES} are allowed`;
  return isUtf8(key) ? undefined : 'the key is not UTF-8';
}
