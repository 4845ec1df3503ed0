import timers from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Processor } from './processor.ts';

/** Vectors arrive by the thousand; one refresh covers all that arrived within this time. */
const DEBOUNCE_MS = 1_000;

/**
 * Refreshes the users of the owned partitions after the served generation or its vectors changed, one refresh at a time; a
 * change during a refresh starts the next. Without it a user who does nothing would keep medoids of a space that is gone.
 *
 * A refresh is paced, because all later stages must process every changed user before the actions that came after. A user
 * who acts meanwhile does not wait for it: the update of the action clusters in the served generation.
 */
export class Refresher {
  readonly #processor: Pick<Processor, 'refresh'>;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  readonly #usersPerSecond: number;
  #partitions: readonly number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: {
    processor: Pick<Processor, 'refresh'>;
    log: Logger;
    signal: AbortSignal;
    onFailure: (error: unknown) => void;
    /** Most users that a refresh changes in a second. */
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

  /** Requests a refresh, which begins within a second unless one is under way. */
  request(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refreshing = this.#refreshing.then(() => this.#refresh()).catch(this.#onFailure);
    }, DEBOUNCE_MS);
  }

  /** Resolves when the refresh under way has stopped, which the signal of the stage makes it do soon. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#refreshing;
  }

  async #refresh(): Promise<void> {
    let changed = 0;
    for (const partition of this.#partitions) {
      if (this.#signal.aborted) return;
      changed += await this.#processor.refresh(partition, this.#signal, (users) => this.#pause(users));
    }
    if (changed > 0) this.#log.info({ users: changed }, 'users refreshed');
  }

  async #pause(users: number): Promise<void> {
    const signal = this.#signal;
    await timers.setTimeout((users / this.#usersPerSecond) * 1_000, undefined, { signal }).catch(ignoreAbort);
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
