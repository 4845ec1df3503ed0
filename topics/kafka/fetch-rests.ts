/** The batches that one fetch returned, one of a partition. */
interface Fetch {
  /** Time at which its batches were handed over, ms. */
  readonly since: number;
  /** Whether it left messages in a partition, as far as its batches have begun. */
  isBehind: boolean;
}

/**
 * The rests of a reader between its fetches. kafkajs hands over all batches of a fetch in one turn of the event loop and fetches again
 * when all of them have ended, so that one of them rests for all.
 */
export class FetchRests {
  readonly #restMs: number;
  readonly #restPerWork: number | undefined;
  readonly #now: () => number;
  /** The fetch whose batches are being handed over. */
  #fetch: Fetch | undefined;
  /** Each ends a rest. */
  readonly #rests = new Set<() => void>();
  #isOver = false;

  /**
   * @param restMs shortest time from one fetch to the next, ms
   * @param restPerWork the time from one fetch to the next is at most so many times that of handling the first; at least 1. No such bound by default.
   * @param now a clock that never goes back, ms
   */
  constructor(restMs: number, restPerWork?: number, now = () => performance.now()) {
    this.#restMs = restMs;
    this.#restPerWork = restPerWork;
    this.#now = now;
  }

  /**
   * Notes that a batch begins.
   * @param isBehind whether the fetch has left messages in the partition
   * @returns the rest after the batch; its promise resolves when the next fetch may begin
   */
  begin(isBehind: boolean): () => Promise<void> {
    const isFirst = this.#fetch === undefined;
    const fetch = this.#fetch ?? this.#beginFetch();
    if (isBehind) fetch.isBehind = true;
    return async () => {
      if (isFirst && !fetch.isBehind) await this.#rest(this.#restOf(this.#now() - fetch.since));
    };
  }

  /** Ends the rests; there are none afterwards. */
  end(): void {
    this.#isOver = true;
    for (const end of this.#rests) end();
  }

  #beginFetch(): Fetch {
    this.#fetch = { since: this.#now(), isBehind: false };
    queueMicrotask(() => {
      this.#fetch = undefined;
    });
    return this.#fetch;
  }

  /** @param workMs how long the batches of the fetch were handled */
  #restOf(workMs: number): number {
    const between =
      this.#restPerWork === undefined ? this.#restMs : Math.min(this.#restMs, workMs * this.#restPerWork);
    return between - workMs;
  }

  async #rest(ms: number): Promise<void> {
    if (ms <= 0 || this.#isOver) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#rests.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#rests.add(end);
    });
  }
}
