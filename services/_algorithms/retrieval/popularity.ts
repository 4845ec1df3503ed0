import { TopK } from '../top-k.ts';

/**
 * Half-lives between the landmark and an action after which the landmark moves; far from 2^1023, the largest double.
 */
const RESCALE_AFTER = 256;

export interface PopularItem<Id extends string | number = string> {
  readonly itemId: Id;
  /** Decayed count at the requested time. */
  readonly count: number;
}

/**
 * Popularity: counts that halve with every `halfLife`, by event time.
 *
 * Forward decay (Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009): an action at t is stored as
 * w·2^((t − L)/halfLife) for a landmark L, and a count at time T is the stored sum times 2^(−(T − L)/halfLife).
 * What is stored does not depend on when it is read or in what order actions came, up to rounding.
 * Once exponents grow the landmark moves by whole half-lives, a power of two, which loses nothing but counts
 * that fell below 2^−1074.
 */
export class DecayedCounts<Id extends string | number = string> {
  readonly #halfLife: number;
  /** In half-lives since 1970, a whole number. */
  #landmark = 0;
  #streamTime = 0;
  readonly #scaled = new Map<Id, number>();

  /** `halfLife` in ms. Throws RangeError unless it is positive and finite. */
  constructor(halfLife: number) {
    if (!(halfLife > 0 && halfLife < Infinity)) throw new RangeError(`Not a half-life: ${halfLife}`);
    this.#halfLife = halfLife;
  }

  /** Newest event time seen, ms; 0 if none. */
  get streamTime(): number {
    return this.#streamTime;
  }

  /** Counts an action of time `occurredAt` (ms). Throws RangeError unless time and `weight` are finite. */
  add(itemId: Id, occurredAt: number, weight = 1): void {
    if (!Number.isFinite(occurredAt) || !Number.isFinite(weight)) {
      throw new RangeError(`Cannot count ${itemId} at ${occurredAt} with weight ${weight}`);
    }
    const halfLives = occurredAt / this.#halfLife;
    if (halfLives - this.#landmark > RESCALE_AFTER) this.#moveLandmark(Math.floor(halfLives));
    const scaled = weight * 2 ** (halfLives - this.#landmark);
    this.#streamTime = Math.max(this.#streamTime, occurredAt);
    // An action too old to weigh anything must leave no trace, as if the landmark had moved after it.
    if (scaled === 0) return;
    this.#scaled.set(itemId, (this.#scaled.get(itemId) ?? 0) + scaled);
  }

  /** Decayed count at time `at` (ms), by default stream time. */
  count(itemId: Id, at: number = this.#streamTime): number {
    return (this.#scaled.get(itemId) ?? 0) * this.#decayUntil(at);
  }

  /** The `n` items of highest positive count, ties by item id. Their order is the same at any time. */
  top(n: number, at: number = this.#streamTime): PopularItem<Id>[] {
    const bound = this.#scaledCountOfRank(n);
    const decay = this.#decayUntil(at);
    const leaders: [Id, number][] = [];
    for (const entry of this.#scaled) if (entry[1] > 0 && entry[1] >= bound) leaders.push(entry);
    return leaders
      .sort(([itemA, a], [itemB, b]) => b - a || (itemA < itemB ? -1 : 1))
      .slice(0, n)
      .map(([itemId, scaledCount]) => ({ itemId, count: scaledCount * decay }));
  }

  /** The n-th highest stored count, so that only items at least as high need sorting. */
  #scaledCountOfRank(n: number): number {
    const top = new TopK(Math.min(n, this.#scaled.size));
    let place = 0;
    for (const scaledCount of this.#scaled.values()) top.offer(place++, scaledCount);
    const scores = new Float64Array(top.size);
    top.drainInto(new Int32Array(top.size), scores);
    return scores.at(-1) ?? Infinity;
  }

  #decayUntil(at: number): number {
    return 2 ** (this.#landmark - at / this.#halfLife);
  }

  #moveLandmark(landmark: number): void {
    const factor = 2 ** (this.#landmark - landmark);
    this.#landmark = landmark;
    for (const [itemId, scaledCount] of this.#scaled) {
      const moved = scaledCount * factor;
      if (moved === 0) this.#scaled.delete(itemId);
      else this.#scaled.set(itemId, moved);
    }
  }
}
