import type { TracedSpan, Tracer } from '../observability/tracer.ts';
import type { IncomingMessage } from './messages.ts';

/** The spans of one batch: one for each message whose trace is recorded. */
export class MessageSpans {
  readonly #tracer: Tracer;
  readonly #topic: string;
  readonly #byOffset = new Map<number, TracedSpan>();

  /** @param topic qualified name */
  constructor(tracer: Tracer, topic: string) {
    this.#tracer = tracer;
    this.#topic = topic;
  }

  /** @returns the message as its handler gets it: what it causes belongs to its span */
  begin<V>(message: IncomingMessage<V>): IncomingMessage<V> {
    const span = this.#tracer.continue(`process ${this.#topic}`, 'consumer', message.trace, {
      'messaging.system': 'kafka',
      'messaging.destination.name': this.#topic,
      'messaging.destination.partition.id': String(message.partition),
      'messaging.kafka.offset': message.offset,
    });
    if (span === undefined) return message;
    this.#byOffset.set(message.offset, span);
    return { ...message, trace: span.trace };
  }

  reject(offset: number, reason: string): void {
    this.#byOffset.get(offset)?.end(reason);
    this.#byOffset.delete(offset);
  }

  /** Ends all spans when the work on the batch settles, and settles as it does. */
  async endWith(work: Promise<void>): Promise<void> {
    try {
      await work;
      this.#end(undefined);
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  #end(error: unknown): void {
    for (const span of this.#byOffset.values()) span.end(error);
  }
}
