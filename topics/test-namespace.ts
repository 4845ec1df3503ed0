/** Creates a namespace for a test against a real cluster and registry. */
import { randomUUID } from 'node:crypto';
import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { createRegistry, type Registry } from '#contracts/registry.ts';
import { applyTopics } from './apply.ts';
import { CATALOG, qualifiedTopic, TOPICS, type TopicName } from './catalog.ts';
import { readTopicsConfig } from './config.ts';
import { connectKafka, withAdmin } from './connection.ts';
import type { PlanOptions } from './plan.ts';
import { createTopicCodec } from './topic-codec.ts';

export interface TestNamespace {
  readonly kafka: Kafka;
  readonly registry: Registry;
  readonly codec: Codec;
  readonly namespace: string;
  readonly topicOf: (name: TopicName) => string;
  /** Creates the topics and prepares the codec. */
  readonly apply: (options?: PlanOptions) => Promise<void>;
  /** Produces one message unchanged and returns its partition and offset. */
  readonly produce: (name: TopicName, message: Message) => Promise<{ partition: number; offset: number }>;
  /** Encodes the value of a message. */
  readonly encode: <R extends keyof RecordTypes>(record: R, value: RecordTypes[R]) => Buffer;
  /** Deletes the topics and disconnects. */
  readonly close: () => Promise<void>;
}

export async function openTestNamespace(): Promise<TestNamespace> {
  const config = readTopicsConfig(process.env);
  const kafka = connectKafka(config.brokers);
  const registry = createRegistry({ url: config.registryUrl });
  const namespace = `test-${randomUUID()}`;
  const codec = createTopicCodec(registry, namespace);
  const producer: Producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const topicOf = (name: TopicName) => qualifiedTopic(namespace, name);
  return {
    kafka,
    registry,
    codec,
    namespace,
    topicOf,
    async apply(options = {}) {
      await applyTopics({ kafka, registry, namespace, ...options });
      await codec.prepare(TOPICS.map(({ schema }) => schema));
    },
    async produce(name, message) {
      const [answer] = await producer.send({ topic: topicOf(name), acks: -1, messages: [message] });
      return { partition: answer!.partition, offset: Number(answer!.baseOffset) };
    },
    encode: (record, value) => codec.encode(record, value),
    async close() {
      await producer.disconnect();
      await withAdmin(kafka, async (admin) => {
        const existing = new Set(await admin.listTopics());
        const topics = Object.keys(CATALOG).map((name) => topicOf(name as TopicName));
        await admin.deleteTopics({ topics: topics.filter((topic) => existing.has(topic)) });
      });
    },
  };
}
