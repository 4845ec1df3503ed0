/** Shows again and again what consumer groups read, how far they are behind, and the time of each hop. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { type Codec, DecodeError } from '#contracts/codec.ts';
import type { RecordName, RecordTypes } from '#contracts/generated/records.ts';
import { qualifiedTopic } from './catalog.ts';
import { type HopTime, HopTimes } from './hop-times.ts';
import { type GroupLag, groupLags } from './lag.ts';
import { readTopic, type TopicMessage } from './reader.ts';
import { renderTable } from './table.ts';

export interface WatchOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  /** Time between two tables, s. */
  readonly seconds: number;
  readonly json?: boolean;
  readonly write: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What happened between two readings. */
export interface WatchedInterval {
  /** Time of the second reading, ms since the epoch. */
  readonly at: number;
  readonly groups: readonly GroupProgress[];
  readonly hops: readonly HopTime[];
}

/** A group on a topic. */
export interface GroupProgress {
  readonly group: string;
  readonly topic: string;
  /** Messages a second that producers appended, and that the group committed. */
  readonly written: number;
  readonly read: number;
  /** Messages that are not committed now, and how many more they are than before. */
  readonly lag: number;
  readonly change: number;
}

/**
 * Writes a table at each interval until the signal aborts. Follows `interests` and `proposals` from now on, with groups that
 * leave no trace.
 */
export async function watchLag(options: WatchOptions): Promise<void> {
  const { kafka, namespace, seconds, json, write } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const hops = new HopTimes();
  const following = [
    follow({ ...options, signal }, 'interests', 'UserInterests', (value, timestamp) =>
      hops.addInterests(value, timestamp),
    ),
    follow({ ...options, signal }, 'proposals', 'Proposal', (value, timestamp) =>
      hops.addProposal(value, timestamp),
    ),
  ];
  const failed = Promise.all(following).then(() => undefined);
  try {
    let before = { lags: await groupLags(kafka, namespace), at: Date.now() };
    for (;;) {
      const pause = delay(seconds * 1_000, undefined, { signal }).catch(() => undefined);
      await Promise.race([pause, failed]);
      if (signal.aborted) return;
      const now = { lags: await groupLags(kafka, namespace), at: Date.now() };
      const groups = progressBetween(before.lags, now.lags, (now.at - before.at) / 1_000);
      const interval = { at: now.at, groups, hops: hops.take() };
      await write(json ? `${JSON.stringify(interval)}\n` : `${renderInterval(interval)}\n\n`);
      before = now;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(following);
  }
}

async function follow<Name extends RecordName>(
  { kafka, codec, namespace, signal }: WatchOptions,
  topic: 'interests' | 'proposals',
  record: Name,
  add: (value: RecordTypes[Name], timestamp: number) => void,
): Promise<void> {
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, topic),
    from: { at: 'end' },
    until: 'never',
    signal,
    onMessage: async ({ value, timestamp }: TopicMessage) => {
      if (value === null) return;
      try {
        add(await codec.decode(record, value), timestamp);
      } catch (error) {
        // It is a dead letter of its reader, and has no time.
        if (!(error instanceof DecodeError)) throw error;
      }
    },
  });
}

/** @param seconds between the two readings */
export function progressBetween(
  before: readonly GroupLag[],
  now: readonly GroupLag[],
  seconds: number,
): GroupProgress[] {
  const earlier = new Map(before.map((lag) => [`${lag.group} ${lag.topic}`, lag]));
  return now.map((current) => {
    const { group, topic, lag } = current;
    const former = earlier.get(`${group} ${topic}`);
    // A group that was not there before has no rates yet.
    const since = former ?? current;
    return {
      group,
      topic,
      written: perSecond(endOf(current) - endOf(since), seconds),
      read: perSecond(endOf(current) - lag - (endOf(since) - since.lag), seconds),
      lag,
      change: lag - since.lag,
    };
  });
}

function endOf({ partitions }: GroupLag): number {
  return partitions.reduce((sum, { end }) => sum + end, 0);
}

function perSecond(messages: number, seconds: number): number {
  return Math.max(0, Math.round(messages / seconds));
}

/** Formats an interval as two tables. */
export function renderInterval({ at, groups, hops }: WatchedInterval): string {
  const time = new Date(at).toISOString().slice(11, 19);
  const parts = [`${time} UTC`];
  parts.push(
    groups.length === 0
      ? 'No consumer group has read a topic of this namespace yet.'
      : renderTable(groups, [
          { title: 'GROUP', value: ({ group }) => group },
          { title: 'TOPIC', value: ({ topic }) => topic },
          { title: 'WRITTEN/S', value: ({ written }) => written },
          { title: 'READ/S', value: ({ read }) => read },
          { title: 'LAG', value: ({ lag }) => lag },
          { title: 'CHANGE', value: ({ change }) => change },
        ]),
  );
  if (hops.length > 0) {
    parts.push(
      renderTable(hops, [
        { title: 'HOP', value: ({ hop }) => hop },
        { title: 'MESSAGES', value: ({ messages }) => messages },
        { title: 'P50 MS', value: ({ p50 }) => p50 },
        { title: 'P99 MS', value: ({ p99 }) => p99 },
      ]),
    );
  }
  return parts.join('\n');
}
