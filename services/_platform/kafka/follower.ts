import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import { withAdmin } from '#topics/connection.ts';
import { decodeMessage } from '#topics/kafka/decode-message.ts';
import { GroupSession, type LogBatch, type PartitionReader } from '#topics/kafka/group-session.ts';
import { whilePassing } from '#topics/kafka/passing-errors.ts';
import { deletePassingGroup, passingGroupId } from '#topics/kafka/passing-group.ts';
import type { LogMessage } from '#topics/kafka/record-batches.ts';
import { userKeyFault } from '#topics/keys.ts';
import { type PartitionRange, type Position, resolveRanges } from '#topics/positions.ts';
import { type FollowedMessage, incomingMessage } from './messages.ts';

/** So that each message of a topic that flows is not a fetch of its own in each process that follows it. */
const REST_MS = 50;
/** Longer than a consumer waits: a follower seldom seeks, and most followed topics are idle. */
const MAX_WAIT_MS = 250;

export interface Followed<V> {
  /** Qualified name. */
  readonly topic: string;
  readonly decode: (bytes: Buffer) => V | Promise<V>;
  /** As in `Subscription`. Messages of items, embeddings and releases count in whatever partition they are. */
  readonly userPartitions?: number | undefined;
  readonly apply: (message: FollowedMessage<V>) => void | Promise<void>;
  /** Message timestamp to start from instead of the beginning, ms. */
  readonly since?: number | undefined;
}

export interface Follower {
  /** Resolves when the end offsets that the topics had at the start are reached. */
  readonly caughtUp: Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads whole topics into memory and then follows them; every process reads all partitions. It is meant for compacted
 * topics that hold state (embeddings, releases, items). It commits nothing, so that each start rebuilds the state from
 * the log. Invalid messages are logged and skipped; the stage that consumes the topic writes the dead letters.
 *
 * The end offsets of the start are looked up in the order of `followed`. A topic whose messages tell that others are complete stands
 * before the topic of those others: what its messages up to the end speak of is then there up to the end.
 */
export async function follow(options: {
  kafka: Kafka;
  groupPrefix: string;
  followed: ReadonlyArray<Followed<never>>;
  log: Logger;
  onFailure: (error: unknown) => void;
  /** Shortest time between two fetches with messages once the ends are reached, ms. Default REST_MS. */
  restMs?: number | undefined;
}): Promise<Follower> {
  const { kafka, followed, log, onFailure, restMs = REST_MS } = options;
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  const noteProgress = (): void => {
    if (partitions.every(({ isCaughtUp }) => isCaughtUp)) resolve();
  };
  // A fresh connection for each attempt, so that it knows the leaders of now.
  const lookUp = () =>
    withAdmin(kafka, async (admin) => {
      const found: FollowedPartition[] = [];
      for (const one of followed) {
        for (const range of await resolveRanges(admin, one.topic, startOf(one)))
          found.push(new FollowedPartition(one, range, log, noteProgress));
      }
      return found;
    });
  const partitions = await whilePassing(lookUp);
  noteProgress();
  const groupId = passingGroupId(options.groupPrefix, 'follower');
  const session = new GroupSession({
    kafka,
    groupId,
    topics: followed.map(({ topic }) => topic),
    open: (topic, partition) => partitions.find((one) => one.is(topic, partition)) ?? IGNORED,
    // All of a fetch at once, because each is handled in memory.
    concurrency: 64,
    restMs,
    maxWaitMs: MAX_WAIT_MS,
    sessionTimeoutMs: 30_000,
    maxBytesPerPartition: 4 * 1_048_576,
    onFailure,
    onRejoin: (error) => log.warn({ group: groupId, reason: reasonOf(error) }, 'joining the group again'),
  });
  await session.start();
  return {
    caughtUp,
    async close() {
      await session.stop();
      // If no broker answers, the group expires.
      await withAdmin(kafka, (admin) => deletePassingGroup(admin, groupId)).catch(() => undefined);
    },
  };
}

/** Skips a partition that was added to its topic after the start. */
const IGNORED: PartitionReader = { handle: async () => undefined };

/** A followed partition with its position. */
class FollowedPartition implements PartitionReader {
  /** Offset of the next message to read. */
  position: number;
  readonly #partition: number;
  readonly #end: number;
  readonly #followed: Followed<never>;
  readonly #log: Logger;
  readonly #onProgress: () => void;

  constructor(
    followed: Followed<never>,
    { partition, start, end }: PartitionRange,
    log: Logger,
    onProgress: () => void,
  ) {
    this.position = start;
    this.#partition = partition;
    this.#end = end;
    this.#followed = followed;
    this.#log = log;
    this.#onProgress = onProgress;
  }

  /** Whether the end offset of the start is reached. */
  get isCaughtUp(): boolean {
    return this.position >= this.#end;
  }

  is(topic: string, partition: number): boolean {
    return topic === this.#followed.topic && partition === this.#partition;
  }

  async handle({ messages, lastOffset, isWanted }: LogBatch): Promise<void> {
    for (const message of messages) {
      if (!isWanted()) return;
      const offset = Number(message.offset);
      // After a rejoin a batch that was already fetched is delivered twice.
      if (offset < this.position) continue;
      const decoded = decodeMessage(message, this.#followed.decode, this.#log);
      const taken = this.#apply(message, decoded instanceof Promise ? await decoded : decoded);
      if (taken instanceof Promise) await taken;
      this.position = offset + 1;
    }
    this.position = Math.max(this.position, lastOffset + 1);
    this.#onProgress();
  }

  #incoming(message: LogMessage, value: never): FollowedMessage<never> {
    const incoming = incomingMessage<never>(this.#partition, message, value);
    return incoming.offset < this.#end ? incoming : { ...incoming, isLater: true };
  }

  #apply(message: LogMessage, value: null | DecodeError): void | Promise<void> {
    const { topic, apply, userPartitions } = this.#followed;
    const fault =
      value instanceof DecodeError || userPartitions === undefined
        ? undefined
        : userKeyFault(message.key, this.#partition, userPartitions);
    if (!(value instanceof DecodeError) && fault === undefined)
      return apply(this.#incoming(message, value as never));
    const reason = value instanceof DecodeError ? value.message : fault?.reason;
    this.#log.warn({ topic, offset: message.offset, reason }, 'an invalid message is skipped');
  }
}

function startOf({ since }: Followed<never>): Position {
  return since === undefined ? { at: 'beginning' } : { at: 'time', timestamp: since };
}
