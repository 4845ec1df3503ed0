/** Connections to the cluster for tools that run one command. */
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { TributaryError } from '#contracts/errors.ts';
import type { KafkaSecurity } from './kafka/security.ts';

/** Creates a Kafka client that fails within seconds and logs nothing, because the caller reports the error. */
export function connectKafka(brokers: readonly string[], security: KafkaSecurity = {}): Kafka {
  return new Kafka({
    clientId: 'tributary-topics',
    brokers: [...brokers],
    ...security,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { retries: 3, initialRetryTime: 100 },
  });
}

/**
 * Runs `work` with an admin client and closes it.
 * @throws TributaryError `kafka.unreachable` when no broker answers.
 */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
  } catch (cause) {
    await admin.disconnect().catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TributaryError(
      'kafka.unreachable',
      `No Kafka broker answers (${reason}): start the cluster, or point KAFKA_BROKERS at it.`,
      {
        cause,
        retryable: true,
      },
    );
  }
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** @throws TributaryError `topics.unknown-topic` if the cluster does not have the topic */
export async function requireTopic(admin: Admin, topic: string): Promise<void> {
  if (!(await admin.listTopics()).includes(topic)) {
    throw new TributaryError(
      'topics.unknown-topic',
      `The cluster has no topic ${topic}: npm run topics -- apply creates it.`,
    );
  }
}
