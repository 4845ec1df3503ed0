import type { Logger } from 'pino';
import type { Processor } from './processor.ts';

/** Vectors arrive by the thousand; one walk serves all that came within this time. */
const DEBOUNCE_MS = 1_000;

/**
 * Walks the owned partitions when the served generation or its vectors changed, one walk at a time; a change during
 * a walk brings another. Without it a user who does nothing would keep medoids of a space that is gone.
 */
export class Refresher {
  readonly #processor: Pick<Processor, 'refresh'>;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  #partitions: readonly number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #walking: Promise<void> = Promise.resolve();

  constructor(options: {
    processor: Pick<Processor, 'refresh'>;
    log: Logger;
    signal: AbortSignal;
    onFailure: (error: unknown) => void;
  }) {
    this.#processor = options.processor;
    this.#log = options.log;
    this.#signal = options.signal;
    this.#onFailure = options.onFailure;
  }

  assign(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.request();
  }

  /** Asks for a walk soon. */
  request(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#walking = this.#walking.then(() => this.#walk()).catch(this.#onFailure);
    }, DEBOUNCE_MS);
  }

  /** Resolves when the walk under way has stopped; the signal of the stage makes that soon. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#walking;
  }

  async #walk(): Promise<void> {
    let changed = 0;
    for (const partition of this.#partitions) {
      if (this.#signal.aborted) return;
      changed += await this.#processor.refresh(partition, this.#signal);
    }
    if (changed > 0) this.#log.info({ users: changed }, 'interests derived anew');
  }
}
