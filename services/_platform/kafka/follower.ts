import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '../errors.ts';
import { TRACE_HEADER } from '../observability/trace.ts';
import { decodeValue, headerText } from './messages.ts';

/** A message of a followed topic. `value` null is a tombstone. */
export interface FollowedMessage<V> {
  readonly key: string;
  readonly value: V | null;
  readonly trace: string | undefined;
}

export interface Followed<V> {
  /** Qualified name. */
  readonly topic: string;
  readonly decode: (bytes: Buffer) => V | Promise<V>;
  readonly take: (message: FollowedMessage<V>) => void | Promise<void>;
}

export interface Follower {
  /** Resolves when everything that stood in the topics at the start has been taken. */
  readonly caughtUp: Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads whole topics into memory, every process all partitions, from the beginning and then on: for compacted
 * topics that are state (embeddings, releases, items). It commits nothing, so that each start rebuilds from the
 * log. Undecodable messages are logged and passed over; the stage that consumes the topic dead-letters them.
 */
export async function follow(options: {
  kafka: Kafka;
  groupPrefix: string;
  followed: ReadonlyArray<Followed<never>>;
  log: Logger;
  onFailure: (error: unknown) => void;
}): Promise<Follower> {
  const { kafka, followed, log, onFailure } = options;
  const byTopic = new Map(followed.map((one) => [one.topic, one]));
  const remaining = await endOffsets(kafka, [...byTopic.keys()]);
  const groupId = `${options.groupPrefix}.follower.${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    sessionTimeout: 30_000,
    maxBytesPerPartition: 4 * 1_048_576,
    allowAutoTopicCreation: false,
  });
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  if (remaining.size === 0) resolve();
  await consumer.connect();
  await consumer.subscribe({ topics: [...byTopic.keys()], fromBeginning: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) onFailure(payload.error);
  });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 8,
    eachBatch: async ({ batch, heartbeat, isRunning }) => {
      const one = byTopic.get(batch.topic);
      if (one === undefined) return;
      for (const message of batch.messages) {
        if (!isRunning()) return;
        const value = message.value === null ? null : await decodeValue(message.value, one.decode, log);
        if (value instanceof DecodeError) {
          log.warn({ topic: batch.topic, offset: message.offset, reason: value.message }, 'passed over');
          continue;
        }
        const key = message.key?.toString() ?? '';
        try {
          await one.take({ key, value, trace: headerText(message.headers, TRACE_HEADER) });
        } catch (error) {
          onFailure(error);
          return;
        }
      }
      await heartbeat();
      settle(remaining, batch.topic, batch.partition, Number(batch.lastOffset()) + 1, resolve);
    },
  });
  return {
    caughtUp,
    async close() {
      await consumer.stop();
      await consumer.disconnect();
      await deleteGroup(kafka, groupId, log);
    },
  };
}

/** `topic/partition` → end offset, for partitions that hold anything. */
async function endOffsets(kafka: Kafka, topics: string[]): Promise<Map<string, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = new Map<string, number>();
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (Number(high) > Number(low)) ends.set(`${topic}/${partition}`, Number(high));
      }
    }
    return ends;
  } finally {
    await admin.disconnect();
  }
}

function settle(
  remaining: Map<string, number>,
  topic: string,
  partition: number,
  next: number,
  resolve: () => void,
): void {
  const name = `${topic}/${partition}`;
  const end = remaining.get(name);
  if (end === undefined || next < end) return;
  remaining.delete(name);
  if (remaining.size === 0) resolve();
}

/** The group is of this process alone; left behind it would clutter the list until the broker expires it. */
async function deleteGroup(kafka: Kafka, groupId: string, log: Logger): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch (error) {
    log.debug({ group: groupId, reason: reasonOf(error) }, 'group not deleted');
  } finally {
    await admin.disconnect();
  }
}
