import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import { decodeMessage } from '#topics/kafka/decode-message.ts';
import { GroupSession, type LogBatch, type PartitionReader } from '#topics/kafka/group-session.ts';

/** A decoded message of a partition, with its offset. */
export interface PartitionMessage<V> {
  readonly offset: number;
  readonly value: V;
}

/** The work of a process on one partition while it owns it; its state is in memory only. */
export interface PartitionTask<V> {
  /**
   * Handles messages in log order, each once; one call at a time.
   * @param reachesEnd whether the partition had no further messages when they were fetched
   */
  apply(messages: readonly PartitionMessage<V>[], reachesEnd: boolean): Promise<void>;
  /** Offset of the first message that a successor needs to reach the same state; undefined if none. */
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

/** Short, because workers wait for messages of each other. */
const MAX_WAIT_MS = 50;

/**
 * Joins the group and runs a task for each assigned partition, from the offset that the previous owner committed for
 * its successor. Partitions that a rebalance leaves here keep their task and their position. Tombstones are skipped;
 * messages that cannot be decoded are logged and skipped.
 * @returns a function that waits for the batches that are being handled, leaves the group and closes the tasks
 */
export async function consumeStatefully<V>(options: StatefulConsumeOptions<V>): Promise<() => Promise<void>> {
  const { kafka, groupId, topic, log, open, onFailure } = options;
  const session = new GroupSession({
    kafka,
    groupId,
    topics: [topic],
    maxWaitMs: MAX_WAIT_MS,
    open: (_topic, partition) => new StatefulPartition(open(partition), session, options),
    onJoined: (assignment) =>
      log.info({ group: groupId, partitions: assignment[topic] }, 'partitions assigned'),
    onFailure,
  });
  await session.start();
  return () => session.stop();
}

/** A task with its position in the partition. */
class StatefulPartition<V> implements PartitionReader {
  /** Offset of the next message to read; undefined before the first batch. */
  position: number | undefined;
  readonly #task: PartitionTask<V>;
  readonly #session: GroupSession;
  readonly #options: StatefulConsumeOptions<V>;
  #committed: number | undefined;

  constructor(task: PartitionTask<V>, session: GroupSession, options: StatefulConsumeOptions<V>) {
    this.#task = task;
    this.#session = session;
    this.#options = options;
  }

  async handle(batch: LogBatch): Promise<void> {
    const { decode, log, topic } = this.#options;
    const messages: PartitionMessage<V>[] = [];
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      // After a rejoin a batch that was already fetched is delivered twice.
      if (message.value === null || offset < (this.position ?? 0)) continue;
      const decoded = decodeMessage(message, decode, log);
      const value = decoded instanceof Promise ? await decoded : decoded;
      if (value instanceof DecodeError)
        log.warn({ topic, offset, reason: value.message }, 'an undecodable message is skipped');
      else if (value !== null) messages.push({ offset, value });
    }
    this.position = Math.max(this.position ?? 0, batch.lastOffset + 1);
    await this.#task.apply(messages, batch.lag === 0);
    await this.#commit(batch.partition);
  }

  close(): void {
    this.#task.close();
  }

  async #commit(partition: number): Promise<void> {
    const offset = this.#task.resumeFrom;
    if (offset === undefined || offset === this.#committed) return;
    const { topic, log } = this.#options;
    try {
      await this.#session.commitOffsets([{ topic, partition, offset: String(offset) }]);
      this.#committed = offset;
    } catch (error) {
      // Another member may own the partition by now; it then reads some messages again.
      log.info({ topic, partition, reason: reasonOf(error) }, 'the offset is not committed');
    }
  }
}
