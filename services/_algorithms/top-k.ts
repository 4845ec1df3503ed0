/**
 * Keeps the k best of the (id, score) pairs offered: the higher score first, ties to the smaller id.
 * A bounded heap, O(log k) an offer; buffers are reused after `clear`. A score that is NaN is never kept.
 */
export class TopK {
  readonly capacity: number;
  /** A heap with the worst kept pair at its root. */
  readonly #ids: Float64Array;
  readonly #scores: Float64Array;
  #size = 0;

  /** Throws RangeError unless `capacity` is a non-negative integer. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 0)
      throw new RangeError(`The capacity of a top-k must be a natural number, not ${capacity}`);
    this.capacity = capacity;
    this.#ids = new Float64Array(capacity);
    this.#scores = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Score that a pair must reach to be kept: −∞ while there is room, ∞ where nothing can be kept. */
  get bar(): number {
    if (this.#size < this.capacity) return Number.NEGATIVE_INFINITY;
    return this.capacity === 0 ? Number.POSITIVE_INFINITY : this.#scores[0]!;
  }

  clear(): void {
    this.#size = 0;
  }

  /** `id` is any number that identifies the candidate, each offered once. */
  offer(id: number, score: number): void {
    if (Number.isNaN(score)) return;
    if (this.#size < this.capacity) {
      this.#rise(this.#size++, id, score);
    } else if (this.capacity > 0 && this.#isBetter(id, score, 0)) {
      this.#sink(id, score);
    }
  }

  /** Empties the selection into `ids` and `scores` from `start` on, the best first. Returns their number. */
  drainInto(ids: Int32Array | Float64Array, scores: Float64Array, start = 0): number {
    const count = this.#size;
    for (let place = start + count - 1; place >= start; place--) {
      ids[place] = this.#ids[0]!;
      scores[place] = this.#scores[0]!;
      this.#size--;
      this.#sink(this.#ids[this.#size]!, this.#scores[this.#size]!);
    }
    return count;
  }

  #isBetter(id: number, score: number, slot: number): boolean {
    const other = this.#scores[slot]!;
    return score > other || (score === other && id < this.#ids[slot]!);
  }

  #rise(from: number, id: number, score: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (this.#isBetter(id, score, parent)) break;
      this.#move(parent, slot);
      slot = parent;
    }
    this.#put(slot, id, score);
  }

  /** Replaces the root by the pair. */
  #sink(id: number, score: number): void {
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBetter(this.#ids[child]!, this.#scores[child]!, child + 1))
        child++;
      if (!this.#isBetter(id, score, child)) break;
      this.#move(child, slot);
      slot = child;
    }
    this.#put(slot, id, score);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#ids[from]!, this.#scores[from]!);
  }

  #put(slot: number, id: number, score: number): void {
    this.#ids[slot] = id;
    this.#scores[slot] = score;
  }
}
