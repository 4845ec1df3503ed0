import { randomUUID } from 'node:crypto';
import type { Kafka, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import { TRACE_HEADER } from '../observability/trace.ts';
import { decodeValue, headerText } from './messages.ts';

/** A message of a followed topic. `value` null is a tombstone. */
export interface FollowedMessage<V> {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: V | null;
  readonly trace: string | undefined;
}

export interface Followed<V> {
  /** Qualified name. */
  readonly topic: string;
  readonly decode: (bytes: Buffer) => V | Promise<V>;
  readonly take: (message: FollowedMessage<V>) => void | Promise<void>;
  /** Message timestamp to start from instead of the beginning, ms. */
  readonly since?: number | undefined;
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
  const ranges = await fetchRanges(kafka, followed);
  const groupId = `${options.groupPrefix}.follower.${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    sessionTimeout: 30_000,
    maxBytesPerPartition: 4 * 1_048_576,
    allowAutoTopicCreation: false,
  });
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  if (ranges.every(isBehindUs)) resolve();
  await consumer.connect();
  await consumer.subscribe({ topics: [...byTopic.keys()], fromBeginning: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) onFailure(payload.error);
  });
  // With each join, because nothing is committed, and kafkajs joins anew after an error of the coordinator.
  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const { topic, partition, next } of ranges)
      consumer.seek({ topic, partition, offset: String(next) });
  });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 8,
    eachBatch: async ({ batch, heartbeat, isRunning }) => {
      const one = byTopic.get(batch.topic);
      const range = ranges.find(
        ({ topic, partition }) => topic === batch.topic && partition === batch.partition,
      );
      if (one === undefined || range === undefined) return;
      for (const message of batch.messages) {
        if (!isRunning()) return;
        // What was in flight when the group was joined anew is not taken twice.
        if (Number(message.offset) < range.next) continue;
        try {
          await takeOne(one, batch.partition, message, log);
        } catch (error) {
          onFailure(error);
          return;
        }
        range.next = Number(message.offset) + 1;
      }
      // The last offset may be of a control record, which no handler sees.
      range.next = Math.max(range.next, Number(batch.lastOffset()) + 1);
      await heartbeat();
      if (ranges.every(isBehindUs)) resolve();
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

/** What is left to read of a partition before the follower has caught up. */
interface Range {
  readonly topic: string;
  readonly partition: number;
  next: number;
  readonly end: number;
}

function isBehindUs({ next, end }: Range): boolean {
  return next >= end;
}

async function fetchRanges(kafka: Kafka, followed: ReadonlyArray<Followed<never>>): Promise<Range[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ranges: Range[] = [];
    for (const { topic, since } of followed) {
      const offsets = await admin.fetchTopicOffsets(topic);
      const starts = since === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, since);
      for (const { partition, low, high } of offsets) {
        // Answers −1 where no message is that young: then there is nothing to read before the end.
        const start = Number(starts.find((candidate) => candidate.partition === partition)?.offset ?? low);
        ranges.push({ topic, partition, next: start < 0 ? Number(high) : start, end: Number(high) });
      }
    }
    return ranges;
  } finally {
    await admin.disconnect();
  }
}

async function takeOne(
  one: Followed<never>,
  partition: number,
  message: KafkaMessage,
  log: Logger,
): Promise<void> {
  const value = message.value === null ? null : await decodeValue(message.value, one.decode, log);
  if (value instanceof DecodeError) {
    log.warn({ topic: one.topic, offset: message.offset, reason: value.message }, 'passed over');
    return;
  }
  await one.take({
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? '',
    value,
    trace: headerText(message.headers, TRACE_HEADER),
  });
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
