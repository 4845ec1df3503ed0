import timers from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Processor } from './processor.ts';

/** Vectors arrive by the thousand; one refresh covers all that arrived within this time. */
const DEBOUNCE_MS = 1_000;

/** How far the refreshes are, as `GET /status` returns it. */
export interface RefreshStatus {
  /** The served generation; null before the first. */
  readonly served: string | null;
  /** The generation that the newest complete refresh found served; null before the first refresh. */
  readonly refreshed: string | null;
  /** Users that the refresh under way has examined; null if none is under way or requested. */
  readonly examined: number | null;
}

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
  readonly #served: () => string | undefined;
  #partitions: readonly number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #refreshed: string | undefined;
  #examined: number | undefined;
  /** What is left of the pauses, ms: no timer is shorter than a millisecond, and a step over unchanged users owes far less. */
  #owedMs = 0;

  constructor(options: {
    processor: Pick<Processor, 'refresh'>;
    log: Logger;
    signal: AbortSignal;
    onFailure: (error: unknown) => void;
    /** Most users that a refresh changes in a second. */
    usersPerSecond: number;
    /** The served generation. */
    served: () => string | undefined;
  }) {
    this.#processor = options.processor;
    this.#log = options.log;
    this.#signal = options.signal;
    this.#onFailure = options.onFailure;
    this.#usersPerSecond = options.usersPerSecond;
    this.#served = options.served;
  }

  get status(): RefreshStatus {
    return {
      served: this.#served() ?? null,
      refreshed: this.#refreshed ?? null,
      examined: this.#examined ?? (this.#timer === undefined ? null : 0),
    };
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
    const generation = this.#served();
    let changed = 0;
    this.#examined = 0;
    try {
      for (const partition of this.#partitions) {
        if (this.#signal.aborted) return;
        changed += await this.#processor.refresh(partition, this.#signal, (users, examined) => {
          this.#examined = (this.#examined ?? 0) + examined;
          return this.#pause(users);
        });
      }
    } finally {
      this.#examined = undefined;
    }
    this.#refreshed = generation;
    if (changed > 0) this.#log.info({ users: changed }, 'users refreshed');
  }

  async #pause(users: number): Promise<void> {
    const signal = this.#signal;
    this.#owedMs += (users / this.#usersPerSecond) * 1_000;
    const pauseMs = Math.floor(this.#owedMs);
    this.#owedMs -= pauseMs;
    if (pauseMs === 0) await timers.setImmediate();
    else await timers.setTimeout(pauseMs, undefined, { signal }).catch(ignoreAbort);
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
