/**
 * A set of texts in 8 to 32 bytes each, whatever their length: it keeps digests of 53 bits in one array, by linear probing.
 * Two texts are mistaken for each other with a chance of about n²/2⁵⁴ among n texts, so that it is meant for facts that may be
 * wrong once in a great while.
 */
export class HashSet {
  /** 0 marks a free slot. */
  #slots = new Float64Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  has(digest: number): boolean {
    return this.#slots[this.#slotOf(digest)] === digest;
  }

  /** @param digest from `digestOf` @returns whether it is new */
  add(digest: number): boolean {
    const slot = this.#slotOf(digest);
    if (this.#slots[slot] === digest) return false;
    this.#slots[slot] = digest;
    this.#size++;
    if (this.#size * 4 > this.#slots.length * 3) this.#resize(this.#slots.length * 2);
    return true;
  }

  /** @returns whether it was there */
  delete(digest: number): boolean {
    let hole = this.#slotOf(digest);
    if (this.#slots[hole] !== digest) return false;
    const mask = this.#slots.length - 1;
    this.#slots[hole] = 0;
    this.#size--;
    // Later entries of the same run move up, so that a search for them never meets the hole.
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#slots[slot]! % this.#slots.length;
      const isReachable = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
      if (isReachable) continue;
      this.#slots[hole] = this.#slots[slot]!;
      this.#slots[slot] = 0;
      hole = slot;
    }
    if (this.#slots.length > 16 && this.#size * 8 < this.#slots.length) this.#resize(this.#slots.length / 2);
    return true;
  }

  /** The slot of the digest, or the free slot where it belongs. */
  #slotOf(digest: number): number {
    const mask = this.#slots.length - 1;
    let slot = digest % this.#slots.length;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== digest) slot = (slot + 1) & mask;
    return slot;
  }

  #resize(length: number): void {
    const digests = this.#slots;
    this.#slots = new Float64Array(length);
    for (const digest of digests) if (digest !== 0) this.#slots[this.#slotOf(digest)] = digest;
  }
}

/** A digest of 53 bits, never 0, that is the same in every process. @param seed gives independent digests of one text */
export function digestOf(text: string, seed = 0): number {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let place = 0; place < text.length; place++) {
    const unit = text.charCodeAt(place);
    high = Math.imul(high ^ unit, 0x85ebca77);
    low = Math.imul(low ^ unit, 0xc2b2ae3d);
  }
  high = avalanche(high ^ Math.imul(low, 0x27d4eb2f));
  low = avalanche(low ^ Math.imul(high, 0x165667b1));
  return (high >>> 0) * 2 ** 21 + (low & 0x1fffff) || 1;
}

/** The mixing step of MurmurHash3 (public domain), after which each bit depends on all bits. */
function avalanche(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
