import type { Batch, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { type ErrorCode, reasonOf } from '#contracts/errors.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import { TRACE_HEADER } from '../observability/trace.ts';
import { Commits } from './commits.ts';
import { copartitionAssigner } from './copartition.ts';
import { decodeValue, headerText, type IncomingMessage, type Rejection } from './messages.ts';

/** One batch of one partition, decoded, in log order. */
export interface IncomingBatch<V> {
  readonly topic: string;
  readonly partition: number;
  readonly messages: ReadonlyArray<IncomingMessage<V>>;
  /** How far the batch reaches: beyond its last message where that could not be decoded and is a dead letter. */
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

const HEARTBEAT_MS = 2_000;
/** The partitions of a process that was killed stand still for this long. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 30_000;
/** Offsets are committed at most this often; what a crash re-reads is dropped by the fences. */
const COMMIT_INTERVAL_MS = 1_000;
/** kafkajs waits this long on a broker that has nothing, which delays the others: keep it short. */
const MAX_WAIT_MS = 100;

/**
 * Joins the group and handles batches until stopped. Back-pressure is natural: the next fetch of a partition
 * waits for its batch. The offset of a batch is resolved only when it was handled whole.
 * @returns a function that stops fetching, finishes what is in hand, commits and leaves.
 */
export async function consume(options: ConsumeOptions): Promise<() => Promise<void>> {
  const consumer = options.kafka.consumer({
    groupId: options.groupId,
    partitionAssigners: [copartitionAssigner],
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
    allowAutoTopicCreation: false,
  });
  const byTopic = new Map(options.subscriptions.map((subscription) => [subscription.topic, subscription]));
  await consumer.connect();
  await consumer.subscribe({ topics: [...byTopic.keys()], fromBeginning: true });
  const commits = new Commits(consumer, options.log, COMMIT_INTERVAL_MS);
  reportAssignments(consumer, commits, options);
  const inHand = new Set<Promise<void>>();
  let stopping = false;
  // kafkajs would bring the failed batch again and again while the stage drains.
  const onFailure = (error: unknown): void => {
    stopping = true;
    options.onFailure(error);
  };
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.concurrency ?? 16,
    eachBatch: async (payload) => {
      const subscription = byTopic.get(payload.batch.topic);
      if (subscription === undefined || stopping || payload.isStale() || !payload.isRunning()) return;
      const work = handleSafely(payload, subscription, commits, { ...options, onFailure });
      inHand.add(work);
      try {
        await work;
      } finally {
        inHand.delete(work);
      }
    },
  });
  return async () => {
    // Leaving the group comes last: a member that has left cannot commit.
    stopping = true;
    await Promise.allSettled(inHand);
    await commits.close();
    await consumer.stop();
    await consumer.disconnect();
  };
}

function reportAssignments(
  consumer: Consumer,
  commits: Commits,
  { log, onAssigned, groupId, onFailure }: ConsumeOptions,
): void {
  consumer.on(consumer.events.REBALANCING, () => void commits.flush());
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    commits.forget();
    const partitions = [...new Set(Object.values(payload.memberAssignment).flat())].sort((a, b) => a - b);
    log.info({ group: groupId, partitions }, 'partitions assigned');
    onAssigned?.(partitions);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    // kafkajs restarts by itself after a retriable error; anything else would leave a stage that reads nothing.
    if (!payload.restart) onFailure(payload.error);
  });
}

async function handleSafely(
  payload: EachBatchPayload,
  subscription: Subscription<never>,
  commits: Commits,
  options: ConsumeOptions,
): Promise<void> {
  const { batch } = payload;
  const started = performance.now();
  const beat = setInterval(() => {
    // A failed heartbeat means a rebalance: the batch is finished anyway, and its late writes meet the fences.
    payload
      .heartbeat()
      .catch((error: unknown) => options.log.debug({ reason: reasonOf(error) }, 'heartbeat'));
  }, HEARTBEAT_MS);
  try {
    const rejections = await handleBatch(batch, subscription, options);
    payload.resolveOffset(batch.lastOffset());
    commits.note(batch.topic, batch.partition, Number(batch.lastOffset()) + 1);
    observe(batch, rejections, started, options.metrics);
    await payload.heartbeat();
  } catch (error) {
    if (isKafkaProtocolError(error)) throw error;
    options.onFailure(error);
  } finally {
    clearInterval(beat);
  }
}

/** kafkajs handles its own errors (a rebalance during a heartbeat, say); they are not the stage's. */
function isKafkaProtocolError(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

async function handleBatch(
  batch: Batch,
  subscription: Subscription<never>,
  options: ConsumeOptions,
): Promise<number> {
  const rejections: Rejection[] = [];
  const messages: IncomingMessage<never>[] = [];
  for (const message of batch.messages) {
    const value =
      message.value === null ? null : await decodeValue(message.value, subscription.decode, options.log);
    if (value instanceof DecodeError) {
      rejections.push({ message, code: value.code, reason: value.message });
      continue;
    }
    messages.push({
      partition: batch.partition,
      offset: Number(message.offset),
      key: message.key?.toString() ?? '',
      value,
      trace: headerText(message.headers, TRACE_HEADER),
    });
  }
  await subscription.handle({
    topic: batch.topic,
    partition: batch.partition,
    messages,
    lastOffset: Number(batch.lastOffset()),
    reject(offset, code, reason) {
      const message = batch.messages.find((candidate) => Number(candidate.offset) === offset);
      if (message !== undefined) rejections.push({ message, code, reason });
    },
  });
  if (rejections.length > 0) {
    await options.deadLetter({ topic: batch.topic, partition: batch.partition }, rejections);
  }
  return rejections.length;
}

function observe(batch: Batch, rejected: number, started: number, metrics: StageMetrics): void {
  const { topic, partition } = batch;
  metrics.messagesConsumed.inc({ topic, outcome: 'ok' }, batch.messages.length - rejected);
  if (rejected > 0) metrics.messagesConsumed.inc({ topic, outcome: 'dead_letter' }, rejected);
  metrics.batchSeconds.observe({ topic }, (performance.now() - started) / 1_000);
  metrics.lag.set({ topic, partition: String(partition) }, Number(batch.offsetLag()));
}
