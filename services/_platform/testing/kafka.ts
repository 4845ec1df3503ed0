import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { readTopic, type TopicMessage } from '#topics/reader.ts';
import { createKafka } from '../kafka/client.ts';
import { createLogger } from '../observability/logger.ts';
import { waitFor } from './wait-for.ts';

export interface TestKafka {
  readonly kafka: Kafka;
  /** Prefix of every topic and group of this test. */
  readonly prefix: string;
  /**
   * Creates a topic.
   * @param config settings of the topic under the names that Kafka gives them
   * @returns its name, once each partition has a leader
   */
  createTopic(partitions: number, config?: Readonly<Record<string, string>>): Promise<string>;
  /** Returns all current messages of a topic, in the order of each partition. */
  readAll(topic: string): Promise<TopicMessage[]>;
  /** Returns the offsets that a group has committed in a topic, by partition; −1 if none. */
  committed(groupId: string, topic: string): Promise<number[]>;
  /** Deletes the topics. */
  close(): Promise<void>;
}

/** Connects to the cluster of KAFKA_BROKERS, with topics of this test alone. */
export async function openTestKafka(): Promise<TestKafka> {
  const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(',');
  const kafka = createKafka({ brokers, clientId: 'test', log: createLogger('test', 'silent') });
  const prefix = `test-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  const topics: string[] = [];
  return {
    kafka,
    prefix,
    async createTopic(numPartitions, config = {}) {
      const topic = `${prefix}.${topics.length}`;
      topics.push(topic);
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false });
      // A broker under load knows a new topic, or its role as the leader, a moment later than the controller.
      const hasLeaders = (): Promise<boolean> =>
        admin.fetchTopicOffsets(topic).then(
          (offsets) => offsets.length === numPartitions,
          () => false,
        );
      await waitFor(hasLeaders, { message: `a leader for each partition of ${topic}` });
      return topic;
    },
    async readAll(topic) {
      const messages: TopicMessage[] = [];
      await readTopic({
        kafka,
        topic,
        from: { at: 'beginning' },
        onMessage: (one) => void messages.push(one),
      });
      return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    },
    async committed(groupId, topic) {
      const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const partitions = [...(answer?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
      return partitions.map(({ offset }) => Number(offset));
    },
    async close() {
      await admin.deleteTopics({ topics });
      await admin.disconnect();
    },
  };
}
