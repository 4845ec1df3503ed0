import { digestOf } from '../hash-set.ts';

const WAYS = 8;
const BYTES_A_KEY = 16;

/**
 * The latest time of each key, in constant memory: digests of 53 bits in buckets of eight, of which the least recently used one leaves.
 * The answers are a function of the sequence of the calls.
 */
export class LastTimes {
  readonly #digests: Float64Array;
  readonly #times: Float64Array;
  readonly #buckets: number;

  /** @param bytes of memory, 16 a key; at least 128 */
  constructor(bytes: number) {
    this.#buckets = Math.max(1, Math.floor(bytes / BYTES_A_KEY / WAYS));
    this.#digests = new Float64Array(this.#buckets * WAYS);
    this.#times = new Float64Array(this.#buckets * WAYS);
  }

  /**
   * Notes that the key occurred at `time`, ms, above 0; of two times the later one is kept.
   * @returns the latest time before this call; undefined for a key that is new or was forgotten
   */
  put(key: string, time: number): number | undefined {
    const digest = digestOf(key, 2);
    const start = (digest % this.#buckets) * WAYS;
    let place = start;
    while (place < start + WAYS - 1 && this.#digests[place] !== digest) place++;
    const known = this.#digests[place] === digest && this.#times[place]! > 0;
    const before = known ? this.#times[place]! : undefined;
    this.#digests.copyWithin(start + 1, start, place);
    this.#times.copyWithin(start + 1, start, place);
    this.#digests[start] = digest;
    this.#times[start] = Math.max(time, before ?? 0);
    return before;
  }
}
