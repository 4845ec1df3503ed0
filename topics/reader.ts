/** Reads part of a topic without a trace: no offsets are committed, and the group is deleted afterwards. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { DecodeError } from '#contracts/codec.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import { requireTopic, withAdmin } from './connection.ts';
import { GroupSession, type LogBatch, type PartitionReader } from './kafka/group-session.ts';
import { readHeaders } from './kafka/headers.ts';
import { deletePassingGroup, passingGroupId } from './kafka/passing-group.ts';
import type { LogMessage } from './kafka/record-batches.ts';
import { type PartitionRange, type Position, resolveRanges } from './positions.ts';

export interface TopicMessage {
  readonly partition: number;
  readonly offset: number;
  /** Kafka's timestamp, in milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Null for a tombstone. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  /** The reason why a whole batch is rejected, for which this message stands; its value is then empty. */
  readonly batchError?: DecodeError;
}

/** Returned by `onMessage` to end the read after this message. */
export const STOP = Symbol('stop');

export interface ReadOptions {
  readonly kafka: Kafka;
  /** The topic with its namespace. */
  readonly topic: string;
  /** Default: all partitions. */
  readonly partitions?: readonly number[];
  readonly from: Position;
  /**
   * `end` (the default) reads up to the end offsets at the start and resolves; `never` continues until it is stopped.
   */
  readonly until?: 'end' | 'never';
  /** Called for one message after the other, in the order of each partition; a promise is awaited. */
  readonly onMessage: (message: TopicMessage) => unknown;
  /** Aborting ends the read like STOP does. */
  readonly signal?: AbortSignal;
  /** Time without a message from the brokers after which a bounded read fails, in milliseconds. Default 30,000. */
  readonly stallMs?: number;
}

export interface ReadResult {
  /** For each partition read, the offset at which a later read resumes. */
  readonly next: ReadonlyMap<number, number>;
}

/**
 * Reads a topic from a position to its end offsets, or continuously.
 * @throws TributaryError `topics.unknown-topic`, `kafka.unreachable`, `topics.option` for a partition that does not
 *   exist, `topics.stalled`; and every error of `onMessage`
 */
export async function readTopic(options: ReadOptions): Promise<ReadResult> {
  return withAdmin(options.kafka, async (admin) => {
    await requireTopic(admin, options.topic);
    let ranges = choosePartitions(await resolveRanges(admin, options.topic, options.from), options);
    const patience = performance.now() + PATIENCE_MS;
    for (;;) {
      const read = new TopicRead(options, ranges);
      if (read.isComplete() || options.signal?.aborted) return { next: read.next };
      const groupId = passingGroupId(options.topic, 'reader');
      try {
        await read.run(options.kafka, groupId);
        return { next: read.next };
      } catch (error) {
        if (!isMomentary(error) || performance.now() > patience) throw error;
        ranges = ranges.map((range) => ({ ...range, start: read.next.get(range.partition) ?? range.start }));
        await delay(RETRY_MS);
      } finally {
        await deletePassingGroup(admin, groupId);
      }
    }
  });
}

/** A cluster that has just started returns these errors while it loads its groups and partitions. */
const MOMENTARY: readonly unknown[] = [
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
];
const PATIENCE_MS = 20_000;
const RETRY_MS = 200;

function isMomentary(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && MOMENTARY.includes(cause.type)) return true;
  }
  return false;
}

function choosePartitions(
  ranges: readonly PartitionRange[],
  { topic, partitions }: ReadOptions,
): PartitionRange[] {
  const missing = partitions?.find((wanted) => !ranges.some(({ partition }) => partition === wanted));
  if (missing !== undefined) {
    throw new TributaryError(
      'topics.option',
      `${topic} has no partition ${missing}; it has 0 to ${ranges.length - 1}.`,
    );
  }
  return ranges.filter(({ partition }) => partitions?.includes(partition) ?? true);
}

/** One read in progress: a cursor for each partition, and its end. */
class TopicRead {
  readonly next: Map<number, number>;
  readonly #options: ReadOptions;
  readonly #ends: ReadonlyMap<number, number>;
  readonly #unfinished: Set<number>;
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #settled = false;

  constructor(options: ReadOptions, ranges: readonly PartitionRange[]) {
    this.#options = options;
    this.next = new Map(ranges.map(({ partition, start }) => [partition, start]));
    const bounded = options.until !== 'never';
    this.#ends = new Map(
      ranges.map(({ partition, end }) => [partition, bounded ? end : Number.POSITIVE_INFINITY]),
    );
    this.#unfinished = new Set(
      ranges.filter(({ start, end }) => !bounded || start < end).map(({ partition }) => partition),
    );
  }

  isComplete(): boolean {
    return this.#unfinished.size === 0;
  }

  async run(kafka: Kafka, groupId: string): Promise<void> {
    const { topic, signal } = this.#options;
    const session = new GroupSession({
      kafka,
      groupId,
      topics: [topic],
      open: (_topic, partition) => this.#readerOf(partition, session),
      onFailure: (error) => this.#finish(brokenOff(topic, error)),
      concurrency: 1,
      sessionTimeoutMs: 30_000,
      // A pending fetch would delay the end of the read.
      maxWaitMs: 200,
      // A restart in progress survives a disconnect, and would keep the process alive.
      retry: { retries: 5, initialRetryTime: 300, restartOnFailure: async () => false },
    });
    const finished = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // The promise may reject while the session still joins, before anything awaits it.
    finished.catch(() => undefined);
    const stop = () => this.#finish();
    signal?.addEventListener('abort', stop, { once: true });
    this.#restartStallTimer();
    try {
      await session.start();
      await finished;
    } finally {
      signal?.removeEventListener('abort', stop);
      clearTimeout(this.#stallTimer);
      await session.stop();
    }
  }

  #readerOf(partition: number, session: GroupSession): PartitionReader {
    const { topic } = this.#options;
    const pauseIfFinished = (): void => {
      if (!this.#unfinished.has(partition)) session.pause(topic, partition);
    };
    pauseIfFinished();
    const { next } = this;
    return {
      get position() {
        return next.get(partition);
      },
      handle: async (batch) => {
        await this.#handleBatch(batch);
        pauseIfFinished();
      },
    };
  }

  async #handleBatch(batch: LogBatch): Promise<void> {
    // The time that the caller takes does not count.
    clearTimeout(this.#stallTimer);
    try {
      await this.#giveOut(batch);
      this.#advance(batch.partition, batch.lastOffset + 1);
    } catch (error) {
      this.#finish(error);
    } finally {
      this.#restartStallTimer();
    }
  }

  async #giveOut({ partition, messages }: LogBatch): Promise<void> {
    for (const message of messages) {
      const offset = Number(message.offset);
      if (this.#settled || !this.#unfinished.has(partition)) return;
      if (offset < (this.next.get(partition) ?? 0)) continue;
      if (offset >= this.#ends.get(partition)!) break;
      const answer = await this.#options.onMessage(toTopicMessage(partition, message));
      this.next.set(partition, offset + 1);
      if (answer === STOP) this.#finish();
    }
  }

  #advance(partition: number, offset: number): void {
    if (this.#settled) return;
    this.#restartStallTimer();
    const end = this.#ends.get(partition) ?? 0;
    this.next.set(partition, Math.min(Math.max(offset, this.next.get(partition) ?? 0), end));
    if (offset >= end) this.#unfinished.delete(partition);
    if (this.isComplete()) this.#finish();
  }

  #restartStallTimer(): void {
    clearTimeout(this.#stallTimer);
    if (this.#options.until === 'never' || this.#settled) return;
    const stallMs = this.#options.stallMs ?? 30_000;
    this.#stallTimer = setTimeout(() => this.#finish(this.#stalled(stallMs)), stallMs);
  }

  #stalled(stallMs: number): TributaryError {
    const waiting = [...this.#unfinished].map(
      (partition) => `${partition} at offset ${this.next.get(partition)}`,
    );
    return new TributaryError(
      'topics.stalled',
      `Nothing came from ${this.#options.topic} for ${stallMs / 1000} s; unread: partition ${waiting.join(', ')}.`,
      { retryable: true },
    );
  }

  #finish(error?: unknown): void {
    this.#settled = true;
    if (error === undefined) this.#settle?.resolve();
    else this.#settle?.reject(error);
  }
}

function brokenOff(topic: string, cause: unknown): TributaryError {
  const reason = `Reading ${topic} failed (${reasonOf(cause)}): check that the brokers are up, and read again.`;
  return new TributaryError('kafka.unreachable', reason, { cause, retryable: true });
}

function toTopicMessage(partition: number, message: LogMessage): TopicMessage {
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: readHeaders(message.headers),
    ...(message.batchError === undefined ? {} : { batchError: message.batchError }),
  };
}
