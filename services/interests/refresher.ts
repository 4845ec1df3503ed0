import timers from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Processor } from './processor.ts';

/** Vectors arrive by the thousand; one walk serves all that came within this time. */
const DEBOUNCE_MS = 1_000;

/**
 * Walks the owned partitions when the served generation or its vectors changed, one walk at a time; a change during
 * a walk brings another. Without it a user who does nothing would keep medoids of a space that is gone.
 *
 * It goes at a pace: every user it changes is one that all stages behind this one must take before the action that
 * came after. Who acts meanwhile is not waiting for it, for the action itself brings the user along.
 */
export class Refresher {
  readonly #processor: Pick<Processor, 'refresh'>;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  readonly #usersPerSecond: number;
  #partitions: readonly number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #walking: Promise<void> = Promise.resolve();

  constructor(options: {
    processor: Pick<Processor, 'refresh'>;
    log: Logger;
    signal: AbortSignal;
    onFailure: (error: unknown) => void;
    /** Users a walk changes at most in a second. */
    usersPerSecond: number;
  }) {
    this.#processor = options.processor;
    this.#log = options.log;
    this.#signal = options.signal;
    this.#onFailure = options.onFailure;
    this.#usersPerSecond = options.usersPerSecond;
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
      changed += await this.#processor.refresh(partition, this.#signal, (users) => this.#pause(users));
    }
    if (changed > 0) this.#log.info({ users: changed }, 'interests derived anew');
  }

  async #pause(users: number): Promise<void> {
    const signal = this.#signal;
    await timers.setTimeout((users / this.#usersPerSecond) * 1_000, undefined, { signal }).catch(ignoreAbort);
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
