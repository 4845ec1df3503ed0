import { digestOf } from '../hash-set.ts';

export interface FirstSeenOptions {
  /** Length of a period, ms: a key counts as new once in each. */
  readonly periodMs: number;
  /** Number of periods that are remembered, counted back from the newest. */
  readonly periods: number;
  /** Most bytes of memory; it is taken as periods come. */
  readonly bytes: number;
}

const BITS_A_KEY = 4;

/**
 * Whether a key occurs for the first time in its period of event time, in constant memory: a Bloom filter (CACM 1970) for each
 * period. A key that was seen is never new again while its period is remembered. One that was not is mistaken for seen with a
 * chance of (1 − e^(−4n/m))⁴ after n keys in a filter of m bits; that thins out all keys alike. The answers are a function of the
 * sequence of the calls.
 */
export class FirstSeen {
  readonly #options: FirstSeenOptions;
  readonly #bits: number;
  /** By the remainder of the number of the period. */
  readonly #filters: ({ period: number; readonly words: Uint32Array } | undefined)[];

  /** Throws RangeError if there is not a word for each period. */
  constructor(options: FirstSeenOptions) {
    const words = Math.floor(options.bytes / options.periods / Uint32Array.BYTES_PER_ELEMENT);
    if (!(words >= 1))
      throw new RangeError(`${options.bytes} bytes are too few for ${options.periods} periods`);
    this.#options = options;
    this.#bits = words * 32;
    this.#filters = new Array(options.periods);
  }

  /** @returns whether the key is new in the period of `time` (ms); false for a period that is no longer remembered */
  add(key: string, time: number): boolean {
    const words = this.#wordsOf(Math.floor(time / this.#options.periodMs));
    if (words === undefined) return false;
    const digest = digestOf(key);
    const step = Math.floor(digest / 2 ** 32) * 2 + 1;
    let isNew = false;
    for (let i = 0, at = digest % 2 ** 32; i < BITS_A_KEY; i++, at += step) {
      const bit = at % this.#bits;
      const mask = 1 << (bit & 31);
      const word = words[bit >>> 5]!;
      if ((word & mask) === 0) isNew = true;
      words[bit >>> 5] = word | mask;
    }
    return isNew;
  }

  #wordsOf(period: number): Uint32Array | undefined {
    const place = period % this.#options.periods;
    const filter = this.#filters[place];
    if (filter === undefined) {
      const words = new Uint32Array(this.#bits / 32);
      this.#filters[place] = { period, words };
      return words;
    }
    if (filter.period > period) return undefined;
    if (filter.period < period) {
      filter.period = period;
      filter.words.fill(0);
    }
    return filter.words;
  }
}

const WAYS = 8;

/**
 * The texts that were added last, in constant memory: digests of 53 bits in buckets of eight, of which the least recently
 * added one leaves. A text that is added again and again never leaves.
 */
export class LastSeen {
  readonly #digests: Float64Array;
  readonly #buckets: number;

  /** @param capacity digests, 8 bytes each; at least 8 */
  constructor(capacity: number) {
    this.#buckets = Math.max(1, Math.floor(capacity / WAYS));
    this.#digests = new Float64Array(this.#buckets * WAYS);
  }

  /** @returns whether the text is not among the last ones */
  add(text: string): boolean {
    const digest = digestOf(text, 1);
    const start = (digest % this.#buckets) * WAYS;
    let place = start;
    while (place < start + WAYS - 1 && this.#digests[place] !== digest) place++;
    const isNew = this.#digests[place] !== digest;
    this.#digests.copyWithin(start + 1, start, place);
    this.#digests[start] = digest;
    return isNew;
  }
}
