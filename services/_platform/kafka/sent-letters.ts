import type { LogMessage } from '#topics/kafka/record-batches.ts';

/** The same message of the same topic: a topic that was made again has other times at its offsets. */
function identityOf({ timestamp, value }: LogMessage): string {
  return `${timestamp} ${value?.length ?? -1}`;
}

/** Letters remembered of a partition. Of more rejected messages that are read again, the earlier ones get a second letter. */
const MAX_REMEMBERED = 20_000;

/**
 * The messages whose dead letters this process has sent last. Messages are read again after a rebalance, after a failed commit and after a
 * comparison of the state with the log, and these have their letters already. They are remembered beyond their commit and beyond the loss
 * of their partition, because both may be undone: a member that comes back reads from whichever commit the group has.
 */
export class SentLetters {
  /** By topic and partition, the identity of each message by its offset, in the order of sending. */
  readonly #sent = new Map<string, Map<number, string>>();
  readonly #maxRemembered: number;

  /** @param maxRemembered letters of a partition; the oldest are forgotten first */
  constructor(maxRemembered = MAX_REMEMBERED) {
    this.#maxRemembered = maxRemembered;
  }

  has(topic: string, partition: number, message: LogMessage): boolean {
    const identity = this.#sent.get(nameOf(topic, partition))?.get(Number(message.offset));
    return identity === identityOf(message);
  }

  /** The letters of the messages are in the log. */
  note(topic: string, partition: number, messages: Iterable<LogMessage>): void {
    const name = nameOf(topic, partition);
    for (const message of messages) {
      const sent = this.#sent.get(name) ?? new Map<number, string>();
      this.#sent.set(name, sent);
      const offset = Number(message.offset);
      sent.delete(offset);
      sent.set(offset, identityOf(message));
      if (sent.size > this.#maxRemembered) sent.delete(sent.keys().next().value!);
    }
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}
