import { type Kafka, Partitioners } from 'kafkajs';
import { reasonOf, TributaryError } from '#contracts/errors.ts';

/** @throws TributaryError `kafka.unacknowledged` (retryable) for a topic that does not exist or cannot be looked up */
export type PartitionLookup = (topic: string, key: string) => Promise<number>;

/**
 * The Java-compatible murmur2 partition of a key, so that producers in other languages choose the same partitions. A
 * topic is looked up once: its number of partitions never changes, because users would move to other partitions.
 */
export function createPartitionLookup(kafka: Kafka): PartitionLookup {
  const partitioner = Partitioners.DefaultPartitioner();
  const counts = new Map<string, Promise<number>>();

  function countOf(topic: string): Promise<number> {
    let count = counts.get(topic);
    if (count === undefined) {
      count = fetchPartitionCount(kafka, topic);
      counts.set(topic, count);
      count.catch(() => counts.delete(topic));
    }
    return count;
  }

  return async (topic, key) => {
    const partitionMetadata = Array.from({ length: await countOf(topic) }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 0,
      replicas: [],
      isr: [],
    }));
    return partitioner({ topic, partitionMetadata, message: { key, value: null } });
  };
}

async function fetchPartitionCount(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions.length;
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
