import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { type ErrorCode, reasonOf } from '#contracts/errors.ts';
import { decodeMessage } from '#topics/kafka/decode-message.ts';
import { type Assignment, GroupSession, type LogBatch } from '#topics/kafka/group-session.ts';
import type { LogMessage } from '#topics/kafka/record-batches.ts';
import { userKeyFault } from '#topics/keys.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import type { Tracer } from '../observability/tracer.ts';
import { type BatchHandler, gathering } from './batches-together.ts';
import { commitStarts } from './commit-starts.ts';
import { Commits } from './commits.ts';
import { HeldPartitions } from './held-partitions.ts';
import type { HeldState } from './held-state.ts';
import { MessageSpans } from './message-spans.ts';
import { type IncomingMessage, incomingMessage, type Rejection } from './messages.ts';
import { SentLetters } from './sent-letters.ts';

/** One batch of one partition, decoded, in log order. A batch without messages only reports its last offset. */
export interface IncomingBatch<V> {
  readonly topic: string;
  readonly partition: number;
  readonly messages: ReadonlyArray<IncomingMessage<V>>;
  /** Offset of the last record of the batch, also if that record is a dead letter or belongs to an aborted transaction. */
  readonly lastOffset: number;
  /** Offset at which the fetch began; undefined for a batch without messages. */
  readonly readFrom?: number | undefined;
  /**
   * Incarnation that the head of the partition must have at each write: with that state the log was compared. Undefined
   * for a stage without state.
   */
  readonly incarnation?: string | undefined;
  /** Marks a message that breaks a rule of the stage; it goes to the dead letters and the partition goes on. */
  reject(offset: number, code: ErrorCode, reason: string): void;
}

/** What a stage does with a topic. An error it throws is unexpected: it stops the stage before the commit. */
export interface Subscription<V> {
  /** Qualified name. */
  readonly topic: string;
  readonly decode: (bytes: Buffer) => V | Promise<V>;
  /**
   * Number of partitions of a topic keyed by userId. Its messages must be in the partition of their key; others are dead
   * letters. Left out for other topics.
   */
  readonly userPartitions?: number | undefined;
  /** Must have its outputs acknowledged and its state written when it resolves; expects redelivery. */
  readonly handle: BatchHandler<V>;
}

export interface ConsumeOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly subscriptions: ReadonlyArray<Subscription<never>>;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** Left out if no traces are recorded. */
  readonly tracer?: Tracer | undefined;
  /** Takes the messages that could not be decoded or were rejected; resolves when they are acknowledged. */
  readonly deadLetter: (
    source: { topic: string; partition: number },
    rejections: Rejection[],
  ) => Promise<void>;
  /** Called with the partitions this process owns, after each rebalance. */
  readonly onAssigned?: (partitions: number[]) => void;
  readonly onFailure: (error: unknown) => void;
  /** The state that the handlers keep outside the log; it is compared with the log, and rebuilt when it is lost. */
  readonly state?: HeldState;
  /** Returns a random text that names a state which begins. Default: a random UUID. */
  readonly newIncarnation?: () => string;
  /** Shortest time between two fetches with messages, ms; see `GroupSession`. Default REST, by which a stage with little to do rests less. */
  readonly restMs?: number | undefined;
  /** Partitions handled at the same time. Default 16. */
  readonly concurrency?: number;
  /** Most bytes fetched of a partition at a time, which bounds memory. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
}

/**
 * Most messages, and most bytes of them, that a stage is given at once. A fetch returns up to 100,000 messages of a
 * compressed batch; decoded all at once they could take gigabytes, and so could the requests to the store. The more messages
 * a part has, the more of them are of one user, whose record is written once a part.
 */
const MAX_MESSAGES = 20_000;
const MAX_BYTES = 8 * 2 ** 20;
/** Shortest time between two commits. The fences drop the messages that are redelivered after a crash. */
const COMMIT_INTERVAL_MS = 1_000;
/**
 * Short, because the slates of users wait for the stages between them and their actions; and where there is little to do, no longer
 * than the work took, because sharing a fetch then saves nothing that is scarce (decision 0085).
 */
const REST = { restMs: 25, restPerWork: 2 } as const;

/** A membership in a group. */
export interface Consumption {
  /** Compares the state with the log again, because the store of the state may be another one than before. */
  compareState(): void;
  /** Describes the state that is being rebuilt; undefined if all is whole. */
  readonly rebuilding: string | undefined;
  /** Stops fetching, waits for the batches that are being handled, commits and leaves the group. */
  stop(): Promise<void>;
}

/**
 * Joins the group and handles batches until stopped. The offset of a batch is committed only after the whole batch was
 * handled.
 */
export async function consume(options: ConsumeOptions): Promise<Consumption> {
  const { kafka, groupId, subscriptions, log, onAssigned, onFailure, concurrency, maxBytesPerPartition } =
    options;
  const topics = subscriptions.map(({ topic }) => topic);
  const byTopic = new Map(
    subscriptions.map((one): [string, Reading] => [one.topic, { ...one, handle: gathering(one.handle) }]),
  );
  const session = new GroupSession({
    kafka,
    groupId,
    topics,
    open: (topic) => ({
      handle: (batch) => handle(batch, byTopic.get(topic)!, { commits, held, sentLetters }, options),
    }),
    onRebalancing: () => void commits.flush(),
    onJoined(assignment) {
      commits.forget();
      const partitions = partitionsOf(assignment);
      log.info({ group: groupId, partitions }, 'partitions assigned');
      onAssigned?.(partitions);
      void commitStarts({ kafka, groupId, assignment, commits, log });
      held?.assign(assignment);
    },
    onFailure,
    ...(options.restMs === undefined ? REST : { restMs: options.restMs }),
    onRejoin(error) {
      log.warn({ group: groupId, reason: reasonOf(error) }, 'joining the group again');
      options.metrics.rejoins.inc();
    },
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxBytesPerPartition === undefined ? {} : { maxBytesPerPartition }),
  });
  const sentLetters = new SentLetters();
  const commits = new Commits(session, log, COMMIT_INTERVAL_MS);
  const held =
    options.state === undefined
      ? undefined
      : new HeldPartitions({
          ...options,
          topics,
          state: options.state,
          newIncarnation: options.newIncarnation ?? randomUUID,
          session,
          onSeek: (topic, partition, offset) => commits.note(topic, partition, offset),
        });
  await session.start();
  return {
    compareState: () => held?.compareAll(),
    get rebuilding() {
      return held?.rebuilding;
    },
    async stop() {
      await session.stop(() => commits.close());
      await held?.close();
    },
  };
}

function partitionsOf(assignment: Assignment): number[] {
  return [...new Set(Object.values(assignment).flat())].sort((a, b) => a - b);
}

/** A subscription whose batches are handed over one by one. */
type Reading = Omit<Subscription<never>, 'handle'> & {
  readonly handle: (batch: IncomingBatch<never>) => Promise<void>;
};

interface Progress {
  readonly commits: Commits;
  readonly held: HeldPartitions | undefined;
  readonly sentLetters: SentLetters;
}

async function handle(
  batch: LogBatch,
  subscription: Reading,
  { commits, held, sentLetters }: Progress,
  options: ConsumeOptions,
): Promise<void> {
  const started = performance.now();
  const { topic, partition } = batch;
  let rejected = 0;
  for (const part of partsOf(batch)) {
    if (!batch.isWanted()) return;
    const work = (incarnation?: string): Promise<Rejection[]> =>
      handleBatch(part, subscription, incarnation, options);
    const rejections = held === undefined ? await work() : await held.handle(part, work);
    if (rejections === undefined) return;
    const letters = rejections.filter(
      ({ message }) =>
        held?.hasLetter(topic, partition, Number(message.offset)) !== true &&
        !sentLetters.has(topic, partition, message),
    );
    if (letters.length > 0) await options.deadLetter({ topic, partition }, letters);
    sentLetters.note(
      topic,
      partition,
      letters.map(({ message }) => message),
    );
    rejected += rejections.length;
    commits.note(topic, partition, part.lastOffset + 1);
  }
  observe(batch, rejected, started, options.metrics);
}

function partsOf(batch: LogBatch): LogBatch[] {
  const { messages } = batch;
  const parts: LogBatch[] = [];
  let { readFrom } = batch;
  let start = 0;
  do {
    const end = endOfPart(messages, start);
    const lastOffset = end === messages.length ? batch.lastOffset : Number(messages[end - 1]!.offset);
    parts.push({ ...batch, messages: messages.slice(start, end), readFrom, lastOffset });
    readFrom = lastOffset + 1;
    start = end;
  } while (start < messages.length);
  return parts;
}

function endOfPart(messages: readonly LogMessage[], start: number): number {
  const most = Math.min(start + MAX_MESSAGES, messages.length);
  let bytes = 0;
  for (let end = start; end < most; end++) {
    bytes += messages[end]!.value?.length ?? 0;
    if (bytes > MAX_BYTES && end > start) return end;
  }
  return most;
}

/** @returns the messages that become dead letters */
async function handleBatch(
  batch: LogBatch,
  subscription: Reading,
  incarnation: string | undefined,
  { log, tracer }: Pick<ConsumeOptions, 'log' | 'tracer'>,
): Promise<Rejection[]> {
  const { topic, partition, lastOffset, readFrom } = batch;
  const { userPartitions } = subscription;
  const rejections: Rejection[] = [];
  const messages: IncomingMessage<never>[] = [];
  const spans = tracer === undefined ? undefined : new MessageSpans(tracer, topic);
  for (const message of batch.messages) {
    const decoded = decodeMessage(message, subscription.decode, log);
    const value = decoded instanceof Promise ? await decoded : decoded;
    if (value instanceof DecodeError) {
      rejections.push({ message, code: value.code, reason: value.message });
      continue;
    }
    const fault =
      userPartitions === undefined ? undefined : userKeyFault(message.key, partition, userPartitions);
    const incoming = incomingMessage<never>(partition, message, value);
    if (fault === undefined) messages.push(spans?.begin(incoming) ?? incoming);
    else rejections.push({ message, ...fault });
  }
  let byOffset: Map<number, LogMessage> | undefined;
  const work = subscription.handle({
    topic,
    partition,
    messages,
    lastOffset,
    readFrom,
    incarnation,
    reject(offset, code, reason) {
      byOffset ??= new Map(batch.messages.map((message) => [Number(message.offset), message]));
      const message = byOffset.get(offset);
      if (message === undefined) return;
      rejections.push({ message, code, reason });
      spans?.reject(offset, reason);
    },
  });
  await (spans === undefined ? work : spans.endWith(work));
  return rejections;
}

function observe(batch: LogBatch, rejected: number, started: number, metrics: StageMetrics): void {
  const { topic, partition, messages, lag } = batch;
  metrics.lag.set({ topic, partition: String(partition) }, lag);
  if (messages.length === 0) return;
  metrics.messagesConsumed.inc({ topic, outcome: 'ok' }, messages.length - rejected);
  if (rejected > 0) metrics.messagesConsumed.inc({ topic, outcome: 'dead_letter' }, rejected);
  metrics.batchMessages.observe({ topic }, messages.length);
  metrics.batchSeconds.observe({ topic }, (performance.now() - started) / 1_000);
}
