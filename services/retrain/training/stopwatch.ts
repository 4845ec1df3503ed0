/** Seconds by step, in the order in which the steps were taken. */
export type StepSeconds = Readonly<Record<string, number>>;

/** Tells where the time of a retraining went: every moment since its making belongs to the step that ended next. */
export class Stopwatch {
  readonly #now: () => number;
  readonly #seconds: Record<string, number> = {};
  #since: number;

  /** @param now a clock in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** A step of this name ends. */
  lap(step: string): void {
    this.lapAround(step, {});
  }

  /** A step ends within which others were timed: those keep their time, the rest of it is the step's own. */
  lapAround(step: string, within: StepSeconds): void {
    const end = this.#now();
    const elsewhere = Object.values(within).reduce((sum, seconds) => sum + seconds, 0);
    Object.assign(this.#seconds, within);
    this.#seconds[step] = (this.#seconds[step] ?? 0) + Math.max(0, (end - this.#since) / 1_000 - elsewhere);
    this.#since = end;
  }

  /** As of the last lap. */
  get seconds(): StepSeconds {
    return { ...this.#seconds };
  }
}
