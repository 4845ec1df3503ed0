import type { Kafka } from 'kafkajs';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import { partitionOfKey } from '#topics/partitioner.ts';

export interface PartitionLookup {
  /**
   * Returns the Java-compatible murmur2 partition of a key, so that producers in other languages choose the same partitions.
   * @throws TributaryError `kafka.unacknowledged` (retryable) for a topic that does not exist or cannot be looked up
   */
  partitionOf(topic: string, key: string): Promise<number>;
  /** The broker that led the partition when the topic was looked up last; undefined if none is known. */
  leaderOf(topic: string, partition: number): number | undefined;
  /** Looks up the leaders of a known topic again, because they may have moved. Until then the last ones stay. */
  refreshLeaders(topic: string): void;
}

/** The leader of each partition, −1 for a partition without one. */
type Leaders = ReadonlyMap<number, number>;

/** A topic is looked up once: its number of partitions never changes, because users would move to other partitions. */
export function createPartitionLookup(kafka: Kafka): PartitionLookup {
  const topics = new Map<string, Promise<number>>();
  const leaders = new Map<string, Leaders>();
  const refreshing = new Set<string>();

  async function look(topic: string): Promise<number> {
    const found = await fetchLeaders(kafka, topic);
    leaders.set(topic, found);
    return found.size;
  }

  function countOf(topic: string): Promise<number> {
    let count = topics.get(topic);
    if (count === undefined) {
      count = look(topic);
      topics.set(topic, count);
      count.catch(() => topics.delete(topic));
    }
    return count;
  }

  return {
    partitionOf: async (topic, key) => partitionOfKey(key, await countOf(topic)),
    leaderOf(topic, partition) {
      const leader = leaders.get(topic)?.get(partition);
      return leader === -1 ? undefined : leader;
    },
    refreshLeaders(topic) {
      if (refreshing.has(topic)) return;
      refreshing.add(topic);
      look(topic)
        .catch(() => undefined)
        .finally(() => refreshing.delete(topic));
    },
  };
}

async function fetchLeaders(kafka: Kafka, topic: string): Promise<Leaders> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return new Map(topics[0]!.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
  } catch (cause) {
    const reason = isUnknownTopic(cause)
      ? `topic ${topic} does not exist: run \`npm run topics -- apply\``
      : `the partitions of ${topic} are not known: ${reasonOf(cause)}`;
    throw new TributaryError('kafka.unacknowledged', reason, { cause, retryable: true, status: 503 });
  } finally {
    await admin.disconnect();
  }
}

function isUnknownTopic(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
}
