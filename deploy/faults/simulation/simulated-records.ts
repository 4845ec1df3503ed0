import { DecodeError } from '#contracts/codec.ts';
import { CATALOG, type TopicName } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { LogRecord } from '../checkers/log-record.ts';
import type { StoredMessage } from './broker.ts';

/** Bytes that no reader decodes. */
export const POISON = Buffer.from('poison');

export function recordOf<V>(
  partition: number,
  { key, value, offset, timestamp }: StoredMessage,
): LogRecord<V> {
  const decoded = value === null ? null : (decode(value) as V);
  return { partition, offset, key: key?.toString() ?? '', timestamp, value: decoded };
}

export function encode(value: unknown): Buffer | null {
  return value === null ? null : Buffer.from(JSON.stringify(value));
}

/** Each reader gets an object of its own, as from the real codec. */
export function decode(bytes: Buffer): unknown {
  if (bytes.equals(POISON)) throw new DecodeError('decode.magic', 'not a value of the simulation');
  return JSON.parse(bytes.toString(), (_, value) =>
    value?.type === 'Buffer' && Array.isArray(value.data) ? Buffer.from(value.data) : value,
  );
}

/** Topics of one partition have one here too, because their readers rely on one order. */
export function partitionFor(topic: TopicName, key: string, partitions: number): number {
  return CATALOG[topic].partitions === 1 ? 0 : partitionOfKey(key, partitions);
}
