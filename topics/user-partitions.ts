/** How many partitions the topics keyed by userId have, which is chosen when a namespace is created. */
import type { Kafka } from 'kafkajs';
import { requireTopic, withAdmin } from './connection.ts';

/**
 * Returns the number of partitions of a topic.
 * @param topic its name with the namespace
 * @throws TributaryError `topics.unknown-topic`, `kafka.unreachable`
 */
export function readPartitionCount(kafka: Kafka, topic: string): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    await requireTopic(admin, topic);
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions.length;
  });
}
