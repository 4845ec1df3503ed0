import { type Kafka, Partitioners } from 'kafkajs';
import { TributaryError } from '#contracts/errors.ts';

/** A message of a topic whose keys name what they decide, encoded. */
export interface Declaration {
  readonly key: string;
  readonly value: Buffer;
}

/**
 * Writes decisions in one request that all in-sync replicas must acknowledge.
 * @param topic qualified name; its declarations go to one partition
 * @throws TributaryError `kafka.unacknowledged`
 */
export async function declare(kafka: Kafka, topic: string, messages: Declaration[]): Promise<void> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    const [answer] = await producer.send({ topic, acks: -1, messages });
    if (answer?.errorCode !== 0 || answer.baseOffset === undefined)
      throw new TributaryError('kafka.unacknowledged', `${topic} did not acknowledge the change.`, {
        retryable: true,
      });
  } finally {
    await producer.disconnect();
  }
}
