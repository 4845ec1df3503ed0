/** The one way to read Kafka: a membership in a consumer group, with a reader for each partition. */
import type {
  Consumer,
  ConsumerEndBatchProcessEvent,
  ConsumerGroupJoinEvent,
  EachBatchPayload,
  Kafka,
  RetryOptions,
  TopicPartitionOffsetAndMetadata,
} from 'kafkajs';
import { copartitionAssigner } from './copartition.ts';
import { replaceFetchDecoder } from './fetch-response.ts';
import { FetchRests } from './fetch-rests.ts';
import { isPassing } from './passing-errors.ts';
import type { LogMessage } from './record-batches.ts';

/** The messages that one fetch returned of one partition, in log order. */
export interface LogBatch {
  readonly topic: string;
  readonly partition: number;
  /** Empty if the batch only advances the position: aborted transactions, control records, compacted records. */
  readonly messages: readonly LogMessage[];
  /** Offset of the last record of the batch, control records and aborted records included. */
  readonly lastOffset: number;
  /** Offsets between `lastOffset` and the end of the partition when the batch was fetched. */
  readonly lag: number;
  /** Offset at which the fetch began; undefined for a batch without messages. */
  readonly readFrom?: number | undefined;
  /**
   * Returns false once the session stops or has failed, or another member owns the partition; the rest of the batch then need not be
   * handled.
   */
  isWanted(): boolean;
}

/** Reads one partition for as long as this member owns it; rebalances that leave the partition here keep the reader. */
export interface PartitionReader {
  /**
   * Offset of the next message to read, looked up at each join. Undefined means the committed offset of the group, or
   * the first offset of the partition if the group has committed none.
   */
  readonly position?: number | undefined;
  /**
   * Handles a whole batch. The next batch of the partition is delivered after the promise resolves. After an error the
   * session delivers nothing more and calls `onFailure`.
   */
  handle(batch: LogBatch): Promise<void>;
  /** Called once, after the last batch, when the partition is lost or the session has stopped. */
  close?(): void;
}

/** Partitions by topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

export interface GroupSessionOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Qualified names. */
  readonly topics: readonly string[];
  /** Called for each newly assigned partition. */
  readonly open: (topic: string, partition: number) => PartitionReader;
  /** Called at each join, before readers are opened and closed. */
  readonly onJoined?: (assignment: Assignment) => void;
  /** Called when the group starts to rebalance, while this member can still commit. */
  readonly onRebalancing?: () => void;
  /** Called with an error of a reader, or an error from which kafkajs does not recover. Stop the session then. */
  readonly onFailure: (error: unknown) => void;
  /**
   * Called when the session joins again after an error of the brokers that passes, and from which kafkajs does not recover by itself.
   * Without it such an error is a failure.
   */
  readonly onRejoin?: (error: unknown) => void;
  /**
   * Shortest time from one fetch with messages to the next, ms. Under load the messages of this time are one batch, which costs
   * little more than a batch of one message. A message that comes after it waits for nothing, and neither does a reader that is
   * behind: there is no rest after a fetch that has left messages in a partition. Default 0.
   */
  readonly restMs?: number;
  /**
   * A reader that has little to do rests less: the time from one fetch to the next is at most so many times the time for which the
   * first was handled. Default: no such bound.
   */
  readonly restPerWork?: number;
  /** Pause before the session joins again, ms. Default 1,000. */
  readonly rejoinMs?: number;
  /** Number of partitions handled concurrently. Default 16. */
  readonly concurrency?: number;
  /** Most bytes of one fetch of a partition, before decompression. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /** Time in ms after which a broker without new messages answers a fetch. Default 100. */
  readonly maxWaitMs?: number;
  /** Time in ms after which the group reassigns the partitions of a killed process. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Default: the retries of the client. */
  readonly retry?: RetryOptions;
}

/** The types of kafkajs leave this field out. */
type FetchedBatch = EachBatchPayload['batch'] & { readonly fetchedOffset: string };

const HEARTBEAT_MS = 2_000;
const REBALANCE_TIMEOUT_MS = 30_000;
const REJOIN_MS = 1_000;

/** An assigned partition. */
interface Owned {
  readonly topic: string;
  readonly partition: number;
  readonly reader: PartitionReader;
  /** Resolves when no batch of the partition is being handled. */
  turn: Promise<void>;
  /** Incremented by every seek: batches that were fetched before it are dropped. */
  seeks: number;
}

/**
 * Joins a group in which one member owns partition p of all topics, starts each partition at the position of its
 * reader, sends heartbeats while batches are handled, and delivers the batches of a partition one after the other.
 * Back-pressure: kafkajs fetches a partition again only after its batch was handled. The session commits nothing itself.
 */
export class GroupSession {
  readonly #options: GroupSessionOptions;
  readonly #consumer: Consumer;
  readonly #owned = new Map<string, Owned>();
  /** Batches of lost partitions that are still being handled. */
  readonly #closing = new Set<Promise<void>>();
  readonly #rests: FetchRests;
  /** Batches that are being handled. */
  readonly #handling = new Set<EachBatchPayload>();
  #beat: NodeJS.Timeout | undefined;
  #isStopping = false;
  #rejoin: NodeJS.Timeout | undefined;

  constructor(options: GroupSessionOptions) {
    replaceFetchDecoder();
    this.#options = options;
    this.#rests = new FetchRests(options.restMs ?? 0, options.restPerWork);
    this.#consumer = options.kafka.consumer({
      groupId: options.groupId,
      partitionAssigners: [copartitionAssigner],
      sessionTimeout: options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: options.maxWaitMs ?? 100,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
      allowAutoTopicCreation: false,
      ...(options.retry === undefined ? {} : { retry: options.retry }),
    });
  }

  /** Resolves when the member has joined, or when `onFailure` was called because it cannot join. */
  async start(): Promise<void> {
    const consumer = this.#consumer;
    const { topics, onRebalancing } = this.#options;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.#join(payload));
    consumer.on(consumer.events.REBALANCING, () => onRebalancing?.());
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => this.#pass(payload));
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      // kafkajs restarts itself after a retriable error; after any other error it reads nothing more.
      if (!payload.restart) this.#recover(payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    this.#beat = setInterval(() => this.#beatForAll(), HEARTBEAT_MS).unref();
    await this.#run();
  }

  #run(): Promise<void> {
    const { concurrency = 16 } = this.#options;
    return this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: (payload) => this.#handleBatch(payload),
    });
  }

  /** kafkajs has left the group and reads nothing more. */
  #recover(error: unknown): void {
    const { onRejoin, rejoinMs = REJOIN_MS } = this.#options;
    if (onRejoin === undefined || !isPassing(error)) {
      this.#fail(error);
      return;
    }
    onRejoin(error);
    clearTimeout(this.#rejoin);
    this.#rejoin = setTimeout(() => {
      if (this.#isStopping) return;
      this.#run().catch((next: unknown) => this.#recover(next));
    }, rejoinMs);
  }

  /** Stops fetching a partition for the rest of the session. */
  pause(topic: string, partition: number): void {
    this.#consumer.pause([{ topic, partitions: [partition] }]);
  }

  /**
   * Reads the partition from the offset on, and drops the batches that were fetched before. Call it in a turn of the
   * partition: from its reader, or from `inTurn`.
   */
  seek(topic: string, partition: number, offset: number): void {
    const owned = this.#owned.get(keyOf(topic, partition));
    if (owned === undefined) return;
    owned.seeks++;
    this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  /** Runs `work` while no batch of the partition is being handled, if this member still owns the partition then. */
  inTurn(topic: string, partition: number, work: () => Promise<void>): Promise<void> {
    const owned = this.#owned.get(keyOf(topic, partition));
    return owned === undefined ? Promise.resolve() : this.#inTurn(owned, work);
  }

  /** @throws the error of kafkajs, for example while the group rebalances */
  commitOffsets(offsets: TopicPartitionOffsetAndMetadata[]): Promise<void> {
    return this.#consumer.commitOffsets(offsets);
  }

  /**
   * Delivers nothing more, waits for the batches that are being handled, leaves the group and closes the readers.
   * @param beforeLeaving runs while this process is still a member; for the last commit
   */
  async stop(beforeLeaving?: () => Promise<void>): Promise<void> {
    this.#isStopping = true;
    this.#rests.end();
    clearTimeout(this.#rejoin);
    const owned = [...this.#owned.values()];
    await Promise.all([...owned.map(({ turn }) => turn), ...this.#closing]);
    await beforeLeaving?.();
    clearInterval(this.#beat);
    await this.#consumer.stop();
    await this.#consumer.disconnect();
    for (const { reader } of owned) reader.close?.();
    this.#owned.clear();
  }

  #join({ memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    this.#options.onJoined?.(memberAssignment);
    for (const [key, lost] of this.#owned) {
      if (memberAssignment[lost.topic]?.includes(lost.partition)) continue;
      this.#owned.delete(key);
      const closing = lost.turn.then(() => lost.reader.close?.());
      this.#closing.add(closing);
      void closing.finally(() => this.#closing.delete(closing));
    }
    for (const [topic, partitions] of Object.entries(memberAssignment)) {
      for (const partition of partitions) this.#begin(topic, partition);
    }
  }

  #begin(topic: string, partition: number): void {
    const key = keyOf(topic, partition);
    let owned = this.#owned.get(key);
    if (owned === undefined) {
      const reader = this.#options.open(topic, partition);
      owned = { topic, partition, reader, turn: Promise.resolve(), seeks: 0 };
      this.#owned.set(key, owned);
    }
    // At each join kafkajs resets the position to the committed offset.
    const { position } = owned.reader;
    if (position !== undefined) this.#consumer.seek({ topic, partition, offset: String(position) });
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const batch = payload.batch as FetchedBatch;
    const { topic, partition, messages } = batch;
    const owned = this.#owned.get(keyOf(topic, partition));
    if (owned === undefined || payload.isStale() || !payload.isRunning()) return;
    const lastOffset = batch.lastOffset();
    const lag = Number(batch.offsetLag());
    const { seeks } = owned;
    const rest = this.#rests.begin(lag > 0);
    await this.#inTurn(owned, async () => {
      if (owned.seeks !== seeks) return;
      const readFrom = Number(batch.fetchedOffset);
      this.#handling.add(payload);
      try {
        await this.#hand(owned, messages, Number(lastOffset), lag, readFrom);
      } finally {
        this.#handling.delete(payload);
      }
      if (this.#isOwned(owned) && owned.seeks === seeks) payload.resolveOffset(lastOffset);
    });
    await rest();
  }

  /**
   * kafkajs sends heartbeats between batches only. A failed heartbeat means a rebalance: the batches are handled to their end, and
   * kafkajs sees the error of its next one.
   */
  #beatForAll(): void {
    for (const payload of this.#handling) void payload.heartbeat().catch(() => undefined);
  }

  /** For a batch without messages kafkajs does not call `eachBatch`; it only emits the event of the end. */
  #pass({
    topic,
    partition,
    batchSize,
    lastOffset,
    offsetLag,
  }: ConsumerEndBatchProcessEvent['payload']): void {
    const owned = batchSize > 0 ? undefined : this.#owned.get(keyOf(topic, partition));
    if (owned === undefined) return;
    const { seeks } = owned;
    void this.#inTurn(owned, async () => {
      if (owned.seeks === seeks) await this.#hand(owned, [], Number(lastOffset), Number(offsetLag));
    });
  }

  /** Serializes the batches of a partition: kafkajs may rejoin and fetch again while a batch is being handled. */
  #inTurn(owned: Owned, work: () => Promise<void>): Promise<void> {
    owned.turn = owned.turn
      .then(() => (this.#isStopping || !this.#isOwned(owned) ? undefined : work()))
      .catch((error: unknown) => this.#fail(error));
    return owned.turn;
  }

  #hand(
    owned: Owned,
    messages: readonly LogMessage[],
    lastOffset: number,
    lag: number,
    readFrom?: number,
  ): Promise<void> {
    const { topic, partition, reader } = owned;
    const isWanted = (): boolean => !this.#isStopping && this.#isOwned(owned);
    return reader.handle({ topic, partition, messages, lastOffset, lag, readFrom, isWanted });
  }

  #isOwned(owned: Owned): boolean {
    return this.#owned.get(keyOf(owned.topic, owned.partition)) === owned;
  }

  #fail(error: unknown): void {
    // Until the session is stopped, kafkajs delivers the failed batch again and again.
    this.#isStopping = true;
    this.#options.onFailure(error);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}
