import type { TopicPartitionOffsetAndMetadata } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { GroupSession } from '#topics/kafka/group-session.ts';

/**
 * Commits what was handled, at most once in an interval for all partitions together. kafkajs by itself commits after
 * each batch and waits for it, which costs a write to the brokers and a round trip for each. What a crash leaves
 * uncommitted is read again and dropped by the fences.
 */
export class Commits {
  readonly #session: Pick<GroupSession, 'commitOffsets'>;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #handled = new Map<string, TopicPartitionOffsetAndMetadata>();
  #committing: Promise<void> = Promise.resolve();

  constructor(session: Pick<GroupSession, 'commitOffsets'>, log: Logger, intervalMs: number) {
    this.#session = session;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), intervalMs);
  }

  /** Notes that everything before `next` of the partition was handled. */
  note(topic: string, partition: number, next: number): void {
    this.#handled.set(`${topic}\n${partition}`, { topic, partition, offset: String(next) });
  }

  /** Forgets what may belong to another member now; it is read again. */
  forget(): void {
    this.#handled.clear();
  }

  /** Commits what was noted. A commit that fails is left to redelivery: kafkajs rejoins by itself. */
  flush(): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      const offsets = [...this.#handled.values()];
      if (offsets.length === 0) return;
      this.#handled.clear();
      try {
        await this.#session.commitOffsets(offsets);
      } catch (error) {
        this.#log.info({ reason: reasonOf(error) }, 'not committed; it will be read again');
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
