import { Kafka, logLevel } from 'kafkajs';
import { waitFor } from '#platform/testing/wait-for.ts';
import { readTopic } from '#topics/reader.ts';

/** What a producer was told, and what the log holds. */
export interface BareResult {
  readonly acknowledged: number;
  readonly missing: number;
}

export interface BareProducer {
  /** Stops sending, reads the topic, and compares. */
  finish(): Promise<BareResult>;
}

const PARTITIONS = 6;
/** Messages of one `send`, spread over all partitions. */
const BATCH = 48;
const PAUSE_MS = 4;

/**
 * Writes to a topic of its own with kafkajs as people use it: acks −1, not idempotent, one `send` for messages of several
 * partitions, each of which counts as acknowledged when the `send` resolves.
 */
export async function startBareProducer(brokers: readonly string[]): Promise<BareProducer> {
  const kafka = new Kafka({
    clientId: 'bare',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
  });
  const topic = 'bare';
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: brokers.length }],
    waitForLeaders: false,
  });
  // A broker knows a new topic a moment later than the controller.
  const hasLeaders = (): Promise<boolean> =>
    admin.fetchTopicOffsets(topic).then(
      (offsets) => offsets.length === PARTITIONS,
      () => false,
    );
  await waitFor(hasLeaders, { message: `a leader for each partition of ${topic}` });
  await admin.disconnect();
  const producer = kafka.producer({ maxInFlightRequests: 1 });
  await producer.connect();
  const acknowledged: string[] = [];
  const stop = new AbortController();

  async function send(): Promise<void> {
    for (let batch = 0; !stop.signal.aborted; batch++) {
      const messages = Array.from({ length: BATCH }, (_, i) => ({
        partition: i % PARTITIONS,
        value: `${batch}/${i}`,
      }));
      const isConfirmed = await producer.send({ topic, acks: -1, messages }).then(
        () => true,
        () => false,
      );
      if (isConfirmed) for (const { value } of messages) acknowledged.push(value);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  const sending = send();

  return {
    async finish() {
      stop.abort();
      await sending;
      await producer.disconnect();
      const present = new Set<string>();
      const from = { at: 'beginning' } as const;
      await readTopic({ kafka, topic, from, onMessage: ({ value }) => void present.add(String(value)) });
      const missing = acknowledged.filter((value) => !present.has(value)).length;
      return { acknowledged: acknowledged.length, missing };
    },
  };
}
