import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Release } from '#contracts/generated/records.ts';
import { missingParts } from './release/model-card.ts';

/** Response of `GET /status`. */
export interface RetrainStatus {
  readonly running: string | null;
  readonly last: {
    readonly generation: string;
    readonly state: string;
    readonly reason: string | null;
    /** What the generation goes without although a training can have it, by name, with the reason. */
    readonly without: Readonly<Record<string, string>>;
  } | null;
}

/** Runs one retraining at a time, on demand and by the clock. A failure is reported, and the schedule continues. */
export class RetrainingSchedule {
  readonly #retrain: (generation: string) => Promise<Release>;
  readonly #onFailure: (generation: string, error: unknown) => void;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #holder: () => string | undefined;
  #running: { generation: string; done: Promise<void> } | undefined;
  #last: RetrainStatus['last'] = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    retrain: (generation: string) => Promise<Release>;
    onFailure: (generation: string, error: unknown) => void;
    now: () => number;
    /** Uniform in [0, 1); default Math.random. */
    random?: () => number;
    /** The training of a different process, if one is under way. */
    holder?: () => string | undefined;
  }) {
    this.#retrain = options.retrain;
    this.#onFailure = options.onFailure;
    this.#now = options.now;
    this.#random = options.random ?? Math.random;
    this.#holder = options.holder ?? (() => undefined);
  }

  get status(): RetrainStatus {
    return { running: this.#running?.generation ?? null, last: this.#last };
  }

  /** @throws TributaryError `retrain.running` (409) */
  start(): string {
    const current = this.#running?.generation ?? this.#holder();
    if (current !== undefined) {
      throw new TributaryError('retrain.running', `generation ${current} is being trained`, { status: 409 });
    }
    const generation = generationAt(this.#now(), this.#random());
    this.#running = { generation, done: this.#run(generation) };
    return generation;
  }

  /**
   * Retrains every this many milliseconds, first that long after `since` (ms), or at once if that has passed, so that
   * restarts do not delay it. A scheduled retraining is skipped while one is running. 0 never retrains.
   */
  every(intervalMs: number, since: number): void {
    if (intervalMs === 0) return;
    const wait = Math.min(intervalMs, Math.max(0, since + intervalMs - this.#now()));
    this.#timer = setTimeout(() => {
      if (this.#running === undefined && this.#holder() === undefined) this.start();
      this.every(intervalMs, this.#now());
    }, wait);
  }

  /** Starts no more and resolves when the running retraining has ended. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running?.done;
  }

  async #run(generation: string): Promise<void> {
    try {
      const { state, reason, modelCard } = await this.#retrain(generation);
      this.#last = { generation, state, reason, without: missingParts(modelCard) };
    } catch (error) {
      this.#last = { generation, state: 'rejected', reason: reasonOf(error), without: {} };
      this.#onFailure(generation, error);
    } finally {
      this.#running = undefined;
    }
  }
}

/**
 * Generations are named by the time when their training began, so that they sort by it, and a random part, because two processes may
 * begin in one millisecond: 20261125T083015123Z-0f3a9c51.
 * @param random uniform in [0, 1)
 */
export function generationAt(time: number, random: number): string {
  const name = new Date(time).toISOString().replace(/[-:.]/g, '');
  return `${name}-${Math.floor(random * 2 ** 32)
    .toString(16)
    .padStart(8, '0')}`;
}
