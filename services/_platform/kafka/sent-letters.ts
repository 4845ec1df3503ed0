import type { LogMessage } from '#topics/kafka/record-batches.ts';

/** The same message of the same topic: a topic that was made again has other times at its offsets. */
function identityOf({ timestamp, value }: LogMessage): string {
  return `${timestamp} ${value?.length ?? -1}`;
}

/**
 * The messages whose dead letters this process has sent and whose offsets are not committed yet. They are read again after a rebalance and
 * after a comparison of the state with the log, and have their letters already.
 */
export class SentLetters {
  /** By topic and partition, the identity of each message by its offset. */
  readonly #sent = new Map<string, Map<number, string>>();

  has(topic: string, partition: number, message: LogMessage): boolean {
    const identity = this.#sent.get(nameOf(topic, partition))?.get(Number(message.offset));
    return identity === identityOf(message);
  }

  /** The letters of the messages are in the log. */
  note(topic: string, partition: number, messages: Iterable<LogMessage>): void {
    const name = nameOf(topic, partition);
    for (const message of messages) {
      const sent = this.#sent.get(name) ?? new Map<number, string>();
      this.#sent.set(name, sent.set(Number(message.offset), identityOf(message)));
    }
  }

  /** The group has committed the offset: messages before it are not read again. */
  forgetBefore(topic: string, partition: number, committed: number): void {
    const name = nameOf(topic, partition);
    const sent = this.#sent.get(name);
    if (sent === undefined) return;
    for (const offset of sent.keys()) if (offset < committed) sent.delete(offset);
    if (sent.size === 0) this.#sent.delete(name);
  }

  /** Forgets the partitions that another member owns now. */
  keepOnly(isOwned: (topic: string, partition: number) => boolean): void {
    for (const name of [...this.#sent.keys()]) {
      const [topic, partition] = name.split('\n') as [string, string];
      if (!isOwned(topic, Number(partition))) this.#sent.delete(name);
    }
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}
