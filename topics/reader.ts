/**
 * Reads part of a topic without leaving a trace: no offsets are committed and the group is removed again.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import { TributaryError } from '#contracts/errors.ts';
import { requireTopic, withAdmin } from './connection.ts';
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
}

/** Returned by `onMessage`, ends the read after this message. */
export const STOP = Symbol('stop');

export interface ReadOptions {
  readonly kafka: Kafka;
  /** The topic with its namespace. */
  readonly topic: string;
  /** Default: all. */
  readonly partitions?: readonly number[];
  readonly from: Position;
  /** `end` (the default) reads what existed when the read began and resolves; `never` goes on until stopped. */
  readonly until?: 'end' | 'never';
  /** Called for one message after the other, in the order of each partition; a promise is awaited. */
  readonly onMessage: (message: TopicMessage) => unknown;
  /** Aborting ends the read like STOP does. */
  readonly signal?: AbortSignal;
  /** A bounded read fails when the brokers send nothing for so many milliseconds; default 30,000. */
  readonly stallMs?: number;
}

export interface ReadResult {
  /** For each partition read, the offset where a later read goes on. */
  readonly next: ReadonlyMap<number, number>;
}

/**
 * Reads a topic from a position to its end, or on and on.
 * @throws TributaryError `topics.unknown-topic`, `kafka.unreachable`, `topics.option` for a partition that does
 *   not exist, `topics.stalled`; and whatever `onMessage` throws.
 */
export async function readTopic(options: ReadOptions): Promise<ReadResult> {
  return withAdmin(options.kafka, async (admin) => {
    await requireTopic(admin, options.topic);
    let ranges = choosePartitions(await resolveRanges(admin, options.topic, options.from), options);
    const patience = performance.now() + PATIENCE_MS;
    for (;;) {
      const read = new TopicRead(options, ranges);
      if (read.isComplete() || options.signal?.aborted) return { next: read.next };
      const groupId = `${options.topic}.reader.${randomUUID()}`;
      try {
        await read.run(options.kafka, groupId);
        return { next: read.next };
      } catch (error) {
        if (!isMomentary(error) || performance.now() > patience) throw error;
        ranges = ranges.map((range) => ({ ...range, start: read.next.get(range.partition) ?? range.start }));
        await delay(RETRY_MS);
      } finally {
        // Where groups may not be deleted, the broker forgets an empty one by itself.
        await admin.deleteGroups([groupId]).catch(() => undefined);
      }
    }
  });
}

/** A cluster that has just started answers so while it loads what it knows of groups and partitions. */
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

/** One read on its way: a cursor for each partition, and how it ends. */
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
    const consumer = kafka.consumer({
      groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: 30_000,
      heartbeatInterval: 3_000,
      // A fetch that waits delays the end of the read.
      maxWaitTimeInMs: 200,
      // A restart under way outlives a disconnect, and would keep the process alive.
      retry: { retries: 5, initialRetryTime: 300, restartOnFailure: async () => false },
    });
    const finished = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // It may be rejected while the consumer still joins, before anything awaits it.
    finished.catch(() => undefined);
    const stop = () => this.#finish();
    signal?.addEventListener('abort', stop, { once: true });
    this.#watch(consumer);
    this.#restartStallTimer();
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#take(payload) });
      await finished;
    } finally {
      signal?.removeEventListener('abort', stop);
      clearTimeout(this.#stallTimer);
      await consumer.disconnect();
    }
  }

  #watch(consumer: Consumer): void {
    const { topic } = this.#options;
    // The event comes before the first fetch of a membership, so that each one, a re-join too, starts at the cursors.
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      for (const partition of payload.memberAssignment[topic] ?? []) {
        if (this.#unfinished.has(partition)) {
          consumer.seek({ topic, partition, offset: String(this.next.get(partition)) });
        } else {
          consumer.pause([{ topic, partitions: [partition] }]);
        }
      }
    });
    // Also comes for batches without a message for us, such as transaction markers alone.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      this.#advance(payload.partition, Number(payload.lastOffset) + 1);
      if (!this.#unfinished.has(payload.partition)) {
        consumer.pause([{ topic, partitions: [payload.partition] }]);
      }
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error: cause } }) => {
      const reason = `Reading ${topic} broke off (${cause.message}): see that the brokers are up and read on.`;
      this.#finish(new TributaryError('kafka.unreachable', reason, { cause, retryable: true }));
    });
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    // The time that the reader takes is its own affair.
    clearTimeout(this.#stallTimer);
    try {
      await this.#giveOut(payload);
    } finally {
      this.#restartStallTimer();
    }
  }

  async #giveOut({ batch, heartbeat }: EachBatchPayload): Promise<void> {
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (this.#settled || !this.#unfinished.has(batch.partition)) return;
      if (offset < (this.next.get(batch.partition) ?? 0)) continue;
      if (offset >= this.#ends.get(batch.partition)!) break;
      try {
        const answer = await this.#options.onMessage(toTopicMessage(batch.partition, message));
        this.next.set(batch.partition, offset + 1);
        if (answer === STOP) this.#finish();
      } catch (error) {
        // Thrown on, kafkajs would take it for its own trouble and deliver the batch again.
        this.#finish(error);
      }
      await heartbeat();
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

function toTopicMessage(partition: number, message: KafkaMessage): TopicMessage {
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: flatHeaders(message.headers ?? {}),
  };
}

/** Kafka allows a header many times; the last one counts. */
function flatHeaders(headers: IHeaders): Record<string, Buffer> {
  const flat: Record<string, Buffer> = {};
  for (const [name, value] of Object.entries(headers)) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) flat[name] = Buffer.from(last);
  }
  return flat;
}
