/** Seconds by step, in the order in which the steps were taken. */
export type StepSeconds = Readonly<Record<string, number>>;

/**
 * Measures where the time of a retraining was spent: every moment since its creation belongs to the step that ends
 * next.
 */
export class Stopwatch {
  readonly #now: () => number;
  readonly #seconds: Record<string, number> = {};
  #since: number;

  /** @param now a clock in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Ends a step of this name. */
  lap(step: string): void {
    this.lapAround(step, {});
  }

  /** Ends a step within which others were timed: those keep their time, and the step has the rest. */
  lapAround(step: string, within: StepSeconds): void {
    const end = this.#now();
    const elsewhere = Object.values(within).reduce((sum, seconds) => sum + seconds, 0);
    Object.assign(this.#seconds, within);
    this.#seconds[step] = (this.#seconds[step] ?? 0) + Math.max(0, (end - this.#since) / 1_000 - elsewhere);
    this.#since = end;
  }

  /** The times as of the last lap. */
  get seconds(): StepSeconds {
    return { ...this.#seconds };
  }
}
