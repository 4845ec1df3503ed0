import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import type { ErrorCode } from '#contracts/errors.ts';
import { decodeMessage } from '#topics/kafka/decode-message.ts';
import { type Assignment, GroupSession, type LogBatch } from '#topics/kafka/group-session.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import { Commits } from './commits.ts';
import { type IncomingMessage, incomingMessage, type Rejection } from './messages.ts';

/** One batch of one partition, decoded, in log order. A batch without messages only reports its last offset. */
export interface IncomingBatch<V> {
  readonly topic: string;
  readonly partition: number;
  readonly messages: ReadonlyArray<IncomingMessage<V>>;
  /** Offset of the last record of the batch, also if that record is a dead letter or belongs to an aborted transaction. */
  readonly lastOffset: number;
  /** Marks a message that breaks a rule of the stage; it goes to the dead letters and the partition goes on. */
  reject(offset: number, code: ErrorCode, reason: string): void;
}

/** What a stage does with a topic. An error it throws is unexpected: it stops the stage before the commit. */
export interface Subscription<V> {
  /** Qualified name. */
  readonly topic: string;
  readonly decode: (bytes: Buffer) => V | Promise<V>;
  /** Must have its outputs acknowledged and its state written when it resolves; expects redelivery. */
  readonly handle: (batch: IncomingBatch<V>) => Promise<void>;
}

export interface ConsumeOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly subscriptions: ReadonlyArray<Subscription<never>>;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** Takes the messages that could not be decoded or were rejected; resolves when they are acknowledged. */
  readonly deadLetter: (
    source: { topic: string; partition: number },
    rejections: Rejection[],
  ) => Promise<void>;
  /** Called with the partitions this process owns, after each rebalance. */
  readonly onAssigned?: (partitions: number[]) => void;
  readonly onFailure: (error: unknown) => void;
  /** Partitions handled at the same time. Default 16. */
  readonly concurrency?: number;
  /** Most bytes fetched of a partition at a time, which bounds memory. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
}

/** Shortest time between two commits. The fences drop the messages that are redelivered after a crash. */
const COMMIT_INTERVAL_MS = 1_000;

/**
 * Joins the group and handles batches until stopped. The offset of a batch is committed only after the whole batch was
 * handled.
 * @returns a function that stops fetching, waits for the batches that are being handled, commits and leaves the group
 */
export async function consume(options: ConsumeOptions): Promise<() => Promise<void>> {
  const { kafka, groupId, subscriptions, log, onAssigned, onFailure, concurrency, maxBytesPerPartition } =
    options;
  const byTopic = new Map(subscriptions.map((subscription) => [subscription.topic, subscription]));
  const session = new GroupSession({
    kafka,
    groupId,
    topics: [...byTopic.keys()],
    open: (topic) => ({ handle: (batch) => handle(batch, byTopic.get(topic)!, commits, options) }),
    onRebalancing: () => void commits.flush(),
    onJoined(assignment) {
      commits.forget();
      const partitions = partitionsOf(assignment);
      log.info({ group: groupId, partitions }, 'partitions assigned');
      onAssigned?.(partitions);
    },
    onFailure,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxBytesPerPartition === undefined ? {} : { maxBytesPerPartition }),
  });
  const commits = new Commits(session, log, COMMIT_INTERVAL_MS);
  await session.start();
  return () => session.stop(() => commits.close());
}

function partitionsOf(assignment: Assignment): number[] {
  return [...new Set(Object.values(assignment).flat())].sort((a, b) => a - b);
}

async function handle(
  batch: LogBatch,
  subscription: Subscription<never>,
  commits: Commits,
  options: ConsumeOptions,
): Promise<void> {
  const started = performance.now();
  const rejected = await handleBatch(batch, subscription, options);
  commits.note(batch.topic, batch.partition, batch.lastOffset + 1);
  observe(batch, rejected, started, options.metrics);
}

/** @returns the number of dead letters */
async function handleBatch(
  batch: LogBatch,
  subscription: Subscription<never>,
  options: ConsumeOptions,
): Promise<number> {
  const { topic, partition, lastOffset } = batch;
  const rejections: Rejection[] = [];
  const messages: IncomingMessage<never>[] = [];
  for (const message of batch.messages) {
    const decoded = decodeMessage(message, subscription.decode, options.log);
    const value = decoded instanceof Promise ? await decoded : decoded;
    if (value instanceof DecodeError) {
      rejections.push({ message, code: value.code, reason: value.message });
      continue;
    }
    messages.push(incomingMessage<never>(partition, message, value));
  }
  await subscription.handle({
    topic,
    partition,
    messages,
    lastOffset,
    reject(offset, code, reason) {
      const message = batch.messages.find((candidate) => Number(candidate.offset) === offset);
      if (message !== undefined) rejections.push({ message, code, reason });
    },
  });
  if (rejections.length > 0) await options.deadLetter({ topic, partition }, rejections);
  return rejections.length;
}

function observe(batch: LogBatch, rejected: number, started: number, metrics: StageMetrics): void {
  const { topic, partition, messages, lag } = batch;
  metrics.lag.set({ topic, partition: String(partition) }, lag);
  if (messages.length === 0) return;
  metrics.messagesConsumed.inc({ topic, outcome: 'ok' }, messages.length - rejected);
  if (rejected > 0) metrics.messagesConsumed.inc({ topic, outcome: 'dead_letter' }, rejected);
  metrics.batchSeconds.observe({ topic }, (performance.now() - started) / 1_000);
}
