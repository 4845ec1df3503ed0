import { USER_PARTITIONS } from '#topics/catalog.ts';
import { userKeyFault } from '#topics/keys.ts';

/** A decoded message of a topic with its place; a value of null is a tombstone. */
export interface LogRecord<V> {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Kafka's timestamp, ms. */
  readonly timestamp: number;
  readonly value: V | null;
}

/** The records of each partition in log order. Those in another partition than that of their key are dead letters, and left out. */
export function byPartition<V>(
  log: Iterable<LogRecord<V>>,
  partitions = USER_PARTITIONS,
): Map<number, LogRecord<V>[]> {
  const found = new Map<number, LogRecord<V>[]>();
  for (const record of log) {
    if (userKeyFault(Buffer.from(record.key), record.partition, partitions) !== undefined) continue;
    const records = found.get(record.partition) ?? [];
    records.push(record);
    found.set(record.partition, records);
  }
  for (const records of found.values()) records.sort((a, b) => a.offset - b.offset);
  return found;
}
