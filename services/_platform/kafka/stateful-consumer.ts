import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import { copartitionAssigner } from './copartition.ts';
import { decodeValue } from './messages.ts';

/** A decoded message of a partition, with its place. */
export interface PartitionMessage<V> {
  readonly offset: number;
  readonly value: V;
}

/** What a process does with one partition while it owns it; its state lives in memory alone. */
export interface PartitionTask<V> {
  /**
   * Takes messages in log order, each once; one call at a time.
   * @param reachesEnd whether nothing more stood in the partition when they were fetched
   */
  take(messages: readonly PartitionMessage<V>[], reachesEnd: boolean): Promise<void>;
  /** Offset of the first message that a successor needs to come to the same state; undefined before the first one. */
  readonly resumeFrom: number | undefined;
  /** Called once, when the partition belongs to another process or this one stops. */
  close(): void;
}

export interface StatefulConsumeOptions<V> {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Qualified name. */
  readonly topic: string;
  readonly decode: (bytes: Buffer) => V | Promise<V>;
  readonly open: (partition: number) => PartitionTask<V>;
  readonly log: Logger;
  readonly onFailure: (error: unknown) => void;
}

const HEARTBEAT_MS = 2_000;
/** The partitions of a process that was killed stand still for this long. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 30_000;
const MAX_WAIT_MS = 50;

/**
 * Joins the group and runs a task for each partition that it is given, from the offset that the last owner said a
 * successor needs. Partitions that a rebalance leaves here keep their task and its place. Tombstones, and messages that
 * cannot be decoded, which are logged, are passed over.
 * @returns a function that finishes what is in hand, closes the tasks and leaves the group
 */
export async function consumeStatefully<V>(options: StatefulConsumeOptions<V>): Promise<() => Promise<void>> {
  const { kafka, groupId, topic, onFailure } = options;
  const consumer = kafka.consumer({
    groupId,
    partitionAssigners: [copartitionAssigner],
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    allowAutoTopicCreation: false,
  });
  const owned = new Map<number, OwnedPartition<V>>();
  let stopping = false;
  const fail = (error: unknown): void => {
    stopping = true;
    onFailure(error);
  };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    reassign(consumer, owned, payload.memberAssignment[topic] ?? [], options);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) fail(payload.error);
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 16,
    eachBatch: async (payload) => {
      const { batch } = payload;
      const partition = owned.get(batch.partition);
      if (partition === undefined || stopping || payload.isStale() || !payload.isRunning()) return;
      await whileBeating(payload, options.log, () => partition.handle(payload).catch(fail));
      if (owned.get(batch.partition) === partition) payload.resolveOffset(batch.lastOffset());
      await payload.heartbeat();
    },
  });
  return async () => {
    stopping = true;
    await Promise.all([...owned.values()].map((partition) => partition.idle()));
    await consumer.stop();
    await consumer.disconnect();
    await Promise.all([...owned.values()].map((partition) => partition.close()));
  };
}

function reassign<V>(
  consumer: Consumer,
  owned: Map<number, OwnedPartition<V>>,
  assigned: readonly number[],
  options: StatefulConsumeOptions<V>,
): void {
  const { topic, groupId, log, open } = options;
  log.info({ group: groupId, partitions: assigned }, 'partitions assigned');
  for (const [partition, lost] of owned) {
    if (assigned.includes(partition)) continue;
    owned.delete(partition);
    void lost.close();
  }
  for (const partition of assigned) {
    const kept = owned.get(partition);
    if (kept === undefined) {
      owned.set(partition, new OwnedPartition(partition, open(partition), consumer, options));
    } else if (kept.next !== undefined) {
      // kafkajs goes back to what is committed with each join.
      consumer.seek({ topic, partition, offset: String(kept.next) });
    }
  }
}

/** A task with its place in the partition. */
class OwnedPartition<V> {
  /** Offset of the first message that the task has not taken. */
  next: number | undefined;
  readonly #partition: number;
  readonly #task: PartitionTask<V>;
  readonly #consumer: Consumer;
  readonly #options: StatefulConsumeOptions<V>;
  #committed: number | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(
    partition: number,
    task: PartitionTask<V>,
    consumer: Consumer,
    options: StatefulConsumeOptions<V>,
  ) {
    this.#partition = partition;
    this.#task = task;
    this.#consumer = consumer;
    this.#options = options;
  }

  /** One batch after the other: what was in flight when the group was joined anew may still be in hand. */
  handle(payload: EachBatchPayload): Promise<void> {
    const work = this.#work.then(() => this.#take(payload));
    this.#work = work.catch(() => undefined);
    return work;
  }

  idle(): Promise<void> {
    return this.#work;
  }

  close(): Promise<void> {
    return this.#work.then(() => this.#task.close());
  }

  async #take({ batch }: EachBatchPayload): Promise<void> {
    const { decode, log, topic } = this.#options;
    const messages: PartitionMessage<V>[] = [];
    for (const { offset, value: bytes } of batch.messages) {
      if (bytes === null || Number(offset) < (this.next ?? 0)) continue;
      const value = await decodeValue(bytes, decode, log);
      if (value instanceof DecodeError) log.warn({ topic, offset, reason: value.message }, 'passed over');
      else messages.push({ offset: Number(offset), value });
    }
    this.next = Math.max(this.next ?? 0, Number(batch.lastOffset()) + 1);
    await this.#task.take(messages, batch.offsetLag() === '0');
    await this.#commit();
  }

  async #commit(): Promise<void> {
    const offset = this.#task.resumeFrom;
    if (offset === undefined || offset === this.#committed) return;
    const { topic, log } = this.#options;
    try {
      await this.#consumer.commitOffsets([{ topic, partition: this.#partition, offset: String(offset) }]);
      this.#committed = offset;
    } catch (error) {
      // The partition may be another's by now, who then reads a little more.
      log.info({ topic, partition: this.#partition, reason: reasonOf(error) }, 'not committed');
    }
  }
}

/** A failed heartbeat means a rebalance: the batch is finished anyway, and the next heartbeat tells kafkajs. */
async function whileBeating(
  payload: EachBatchPayload,
  log: Logger,
  work: () => Promise<void>,
): Promise<void> {
  const beat = setInterval(() => {
    payload.heartbeat().catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'heartbeat'));
  }, HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(beat);
  }
}
