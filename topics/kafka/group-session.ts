/** The one way to read Kafka: a membership in a consumer group, in which a policy says what becomes of each partition. */
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
import { boundRecordBatches, type LogMessage } from './record-batches.ts';

/** What a fetch brought of one partition, in log order. */
export interface LogBatch {
  readonly topic: string;
  readonly partition: number;
  /** None where the batch moves the position alone: aborted transactions, their markers, what compaction removed. */
  readonly messages: readonly LogMessage[];
  /** Offset of the last record of the batch, whether it is a message or not. */
  readonly lastOffset: number;
  /** Offsets that stood in the partition behind `lastOffset` when the batch was fetched. */
  readonly lag: number;
  /** False once the session stops or has failed: the rest of the batch need not be handled. */
  isWanted(): boolean;
}

/** What a policy does with one partition for as long as this member has it, across rebalances that leave it here. */
export interface PartitionReader {
  /**
   * Offset of the next message to read, asked for with each join; undefined where the group's commit says it, or the
   * beginning for a group that has committed nothing.
   */
  readonly position?: number | undefined;
  /**
   * Handles a batch whole; the next one of the partition comes when it resolves. An error that it throws is the policy's:
   * the session hands out nothing more.
   */
  handle(batch: LogBatch): Promise<void>;
  /** Called once, after the last batch, when another member has the partition or the session has stopped. */
  close?(): void;
}

/** Partitions by topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

export interface GroupSessionOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Qualified names. */
  readonly topics: readonly string[];
  /** Called for each partition that the member did not have before. */
  readonly open: (topic: string, partition: number) => PartitionReader;
  /** Called with each join, before the partitions are opened. */
  readonly onJoined?: (assignment: Assignment) => void;
  /** Called when the group begins to rebalance, while this member can still commit. */
  readonly onRebalancing?: () => void;
  /** Called with what a reader threw, and when kafkajs gives up. The session must then be stopped. */
  readonly onFailure: (error: unknown) => void;
  /** Partitions handled at the same time. Default 16. */
  readonly concurrency?: number;
  /** Most bytes fetched of a partition at a time, which bounds memory. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /** A broker that has nothing answers after so many ms, and kafkajs lets the others wait for it. Default 100. */
  readonly maxWaitMs?: number;
  /** The partitions of a process that was killed stand still for so many ms. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Default: that of the client. */
  readonly retry?: RetryOptions;
}

const HEARTBEAT_MS = 2_000;
const REBALANCE_TIMEOUT_MS = 30_000;

/** A partition of this member. */
interface Owned {
  readonly topic: string;
  readonly partition: number;
  readonly reader: PartitionReader;
  /** Resolves when no batch is in hand. */
  turn: Promise<void>;
}

/**
 * Joins the group with partition p of all topics on the same member, begins each partition where its reader says, keeps
 * the membership alive while batches are handled, and gives a reader one batch after the other. Back-pressure is
 * natural: kafkajs fetches a partition again when its batch was handled. It commits nothing by itself.
 */
export class GroupSession {
  readonly #options: GroupSessionOptions;
  readonly #consumer: Consumer;
  readonly #owned = new Map<string, Owned>();
  /** What lost partitions still have in hand. */
  readonly #closing = new Set<Promise<void>>();
  #isStopping = false;

  constructor(options: GroupSessionOptions) {
    boundRecordBatches();
    this.#options = options;
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

  /** Resolves when the member has joined, or kafkajs gave up, which `onFailure` hears of. */
  async start(): Promise<void> {
    const consumer = this.#consumer;
    const { topics, concurrency = 16, onRebalancing } = this.#options;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.#join(payload));
    consumer.on(consumer.events.REBALANCING, () => onRebalancing?.());
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => this.#pass(payload));
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      // kafkajs restarts by itself after a retriable error; anything else would leave a member that reads nothing.
      if (!payload.restart) this.#fail(payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency,
      eachBatch: (payload) => this.#take(payload),
    });
  }

  /** Fetches nothing more of a partition for as long as this session lasts. */
  pause(topic: string, partition: number): void {
    this.#consumer.pause([{ topic, partitions: [partition] }]);
  }

  /** @throws the error of kafkajs, for instance while the group rebalances */
  commitOffsets(offsets: TopicPartitionOffsetAndMetadata[]): Promise<void> {
    return this.#consumer.commitOffsets(offsets);
  }

  /**
   * Hands out nothing more, waits for what is in hand, leaves the group and closes the readers.
   * @param beforeLeaving does what only a member can, such as the last commit
   */
  async stop(beforeLeaving?: () => Promise<void>): Promise<void> {
    this.#isStopping = true;
    const owned = [...this.#owned.values()];
    await Promise.all([...owned.map(({ turn }) => turn), ...this.#closing]);
    await beforeLeaving?.();
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
      owned = { topic, partition, reader, turn: Promise.resolve() };
      this.#owned.set(key, owned);
    }
    // kafkajs goes back to what is committed with each join.
    const { position } = owned.reader;
    if (position !== undefined) this.#consumer.seek({ topic, partition, offset: String(position) });
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { topic, partition, messages } = batch;
    const owned = this.#owned.get(keyOf(topic, partition));
    if (owned === undefined || payload.isStale() || !payload.isRunning()) return;
    const lastOffset = batch.lastOffset();
    await this.#inTurn(owned, async () => {
      const lag = Number(batch.offsetLag());
      await whileBeating(payload, () => this.#hand(owned, messages, Number(lastOffset), lag));
      if (this.#isOwned(owned)) payload.resolveOffset(lastOffset);
    });
    await payload.heartbeat();
  }

  /** kafkajs tells of a batch without messages by its end alone. */
  #pass({
    topic,
    partition,
    batchSize,
    lastOffset,
    offsetLag,
  }: ConsumerEndBatchProcessEvent['payload']): void {
    const owned = batchSize > 0 ? undefined : this.#owned.get(keyOf(topic, partition));
    if (owned === undefined) return;
    void this.#inTurn(owned, () => this.#hand(owned, [], Number(lastOffset), Number(offsetLag)));
  }

  /** One batch of a partition after the other: kafkajs may join anew while one is in hand, and fetch the next. */
  #inTurn(owned: Owned, work: () => Promise<void>): Promise<void> {
    owned.turn = owned.turn
      .then(() => (this.#isStopping || !this.#isOwned(owned) ? undefined : work()))
      .catch((error: unknown) => this.#fail(error));
    return owned.turn;
  }

  #hand(owned: Owned, messages: readonly LogMessage[], lastOffset: number, lag: number): Promise<void> {
    const { topic, partition, reader } = owned;
    const isWanted = (): boolean => !this.#isStopping;
    return reader.handle({ topic, partition, messages, lastOffset, lag, isWanted });
  }

  #isOwned(owned: Owned): boolean {
    return this.#owned.get(keyOf(owned.topic, owned.partition)) === owned;
  }

  #fail(error: unknown): void {
    // kafkajs would bring the failed batch again and again until the session is stopped.
    this.#isStopping = true;
    this.#options.onFailure(error);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}

/** A failed heartbeat means a rebalance: the batch is finished all the same, and the next heartbeat tells kafkajs. */
async function whileBeating(payload: EachBatchPayload, work: () => Promise<void>): Promise<void> {
  const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(beat);
  }
}
