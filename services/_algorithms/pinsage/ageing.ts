/** Half-lives that the landmark moves at once. */
const STRIDE = 32;
/** Half-lives before the landmark beyond which events do not decay further: no walk would follow so small a weight. */
const OLDEST = 90;

/**
 * Exponential forward decay (Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009, §3): an event at time t weighs 2^(t −
 * landmark), in half-lives. The ratio of two weights is that of decayed weights at any later time, so that nothing
 * changes while time passes. Before numbers grow too large the landmark moves, and all earlier weights must be
 * multiplied by a power of two. The landmark depends on the newest event alone.
 */
export class ForwardDecay {
  readonly #halfLifeMs: number;
  /** In half-lives since 1970. */
  #landmark: number | undefined;

  /** @param halfLifeMs above 0; Infinity for no ageing */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /**
   * Must be called before `weight` of each event.
   * @returns the power of two by which the weights of all earlier events must be multiplied, usually 1
   */
  advance(at: number): number {
    const landmark = STRIDE * Math.floor(at / this.#halfLifeMs / STRIDE);
    if (this.#landmark !== undefined && landmark <= this.#landmark) return 1;
    const moved = this.#landmark === undefined ? 0 : landmark - this.#landmark;
    this.#landmark = landmark;
    return 2 ** -moved;
  }

  /** The factor on the weight of an event at this time, ms: above 0, below 2^32. */
  weightAt(at: number): number {
    return 2 ** Math.max(-OLDEST, at / this.#halfLifeMs - (this.#landmark ?? 0));
  }
}

/** The weights of events in any order, at the time of the newest of them. */
export function agedWeights(
  weights: Float32Array,
  at: Float64Array,
  halfLifeMs: number,
): Float32Array<ArrayBuffer> {
  const newest = at.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
  return Float32Array.from(weights, (weight, i) => {
    return weight * 2 ** Math.max(-OLDEST, (at[i]! - newest) / halfLifeMs);
  });
}
