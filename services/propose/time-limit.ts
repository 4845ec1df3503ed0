/**
 * Runs work with a time limit. The signal is aborted at the limit, and a later result is dropped, whether the work
 * observes the signal or not.
 */
export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param ms from now */
  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`gave no result within ${ms} ms`)), ms);
  }

  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  /** @throws the error of the work, or an Error at the limit */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      if (signal.aborted) {
        stop();
        return;
      }
      signal.addEventListener('abort', stop, { once: true });
      Promise.resolve()
        .then(() => work(signal))
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', stop));
    });
  }

  /** Ends the timer; the limit never comes. */
  lift(): void {
    clearTimeout(this.#timer);
  }
}
