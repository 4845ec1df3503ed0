import type { TopicPartitionOffsetAndMetadata } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { GroupSession } from '#topics/kafka/group-session.ts';

/**
 * Commits handled offsets, at most once in an interval for all partitions together. By itself kafkajs commits after
 * each batch and waits for it, which costs a write to the brokers and a round trip each. Messages that a crash leaves
 * uncommitted are redelivered and dropped by the fences.
 */
export class Commits {
  readonly #session: Pick<GroupSession, 'commitOffsets'>;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #handled = new Map<string, TopicPartitionOffsetAndMetadata>();
  /** Partitions that were noted since the last call of `forget`. */
  readonly #noted = new Set<string>();
  #turn = 0;
  #committing: Promise<void> = Promise.resolve();

  constructor(session: Pick<GroupSession, 'commitOffsets'>, log: Logger, intervalMs: number) {
    this.#session = session;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), intervalMs);
  }

  /** Records that everything before `next` of the partition was handled. */
  note(topic: string, partition: number, next: number): void {
    const name = `${topic}\n${partition}`;
    this.#noted.add(name);
    this.#handled.set(name, { topic, partition, offset: String(next) });
  }

  /** Counts the calls of `forget`. */
  get turn(): number {
    return this.#turn;
  }

  /** Notes where reading starts, unless more is known since, or `turn` is over. */
  noteStart(turn: number, topic: string, partition: number, first: number): void {
    if (turn === this.#turn && !this.#noted.has(`${topic}\n${partition}`)) this.note(topic, partition, first);
  }

  /** Drops the offsets of partitions that another member may own now; their messages are redelivered. */
  forget(): void {
    this.#handled.clear();
    this.#noted.clear();
    this.#turn += 1;
  }

  /** Commits the recorded offsets. A failed commit is left to redelivery: kafkajs rejoins by itself. */
  flush(): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      const offsets = [...this.#handled.values()];
      if (offsets.length === 0) return;
      this.#handled.clear();
      try {
        await this.#session.commitOffsets(offsets);
      } catch (error) {
        this.#log.info({ reason: reasonOf(error) }, 'commit failed; the messages will be redelivered');
      }
    });
    return this.#committing;
  }

  /** Commits for the last time. */
  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.flush();
  }
}
