import type { UserRecord } from './store.ts';

/** A record in the ring. */
interface Place {
  readonly offset: number;
  /** Number of bytes that were written before it. */
  readonly start: number;
  /** Bytes of its parts, which follow each other. */
  readonly base: number;
  readonly deltas: number;
  readonly derived: number;
}

/** Estimated memory of a place with its user id, beside the bytes of the record. */
const PLACE_BYTES = 300;
/** Share of the memory that is for places: enough for records of 2 KiB, and small records cannot take more. */
const PLACES_SHARE = 1 / 8;

/**
 * Records of the users of the owned partitions as they were written last, so that they need not be read for each action; the
 * least recently active users are evicted first. A record may be cached only as it was written, and only while no other process
 * can write it.
 *
 * The bytes lie in one ring outside of the heap: decoded users would be a dozen times as large, and all of their
 * objects would have to be visited by the garbage collector.
 *
 * A record is taken out of the cache during the work on its user: if the work is interrupted, it is read again.
 */
export class CachedRecords {
  readonly #ring: Uint8Array;
  readonly #mostPlaces: number;
  /** In the order in which they were written. */
  readonly #places = new Map<string, Place>();
  #written = 0;
  #bytes = 0;

  /** @param maximumBytes bound on the memory; a record that is larger alone is not cached */
  constructor(maximumBytes: number) {
    this.#mostPlaces = Math.floor((maximumBytes * PLACES_SHARE) / PLACE_BYTES);
    // The system provides the pages as they are written.
    this.#ring = new Uint8Array(Math.floor(maximumBytes * (1 - PLACES_SHARE)));
  }

  /** Bytes of all records, and of what is stored to find them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Removes a record from the cache and returns it; undefined when it is not cached. */
  remove(userId: string): UserRecord | undefined {
    const place = this.#places.get(userId);
    if (place === undefined) return undefined;
    this.forget(userId);
    const { offset, base, deltas } = place;
    const start = place.start % this.#ring.length;
    // A copy, because the ring may be overwritten while the user is worked on.
    const bytes = Buffer.from(this.#ring.subarray(start, start + lengthOf(place)));
    const middle = base + deltas;
    return {
      offset,
      base: bytes.subarray(0, base),
      deltas: bytes.subarray(base, middle),
      derived: bytes.subarray(middle),
    };
  }

  put(userId: string, { offset, base, deltas, derived }: UserRecord): void {
    this.forget(userId);
    const size = base.length + deltas.length + derived.length;
    if (size > this.#ring.length || this.#mostPlaces === 0) return;
    const start = this.#reserve(size);
    const place = { offset, start, base: base.length, deltas: deltas.length, derived: derived.length };
    let at = start % this.#ring.length;
    for (const part of [base, deltas, derived]) {
      this.#ring.set(part, at);
      at += part.length;
    }
    this.#places.set(userId, place);
    this.#bytes += size + PLACE_BYTES;
    if (this.#places.size > this.#mostPlaces) this.#evict();
  }

  forget(userId: string): void {
    const place = this.#places.get(userId);
    if (place === undefined) return;
    this.#places.delete(userId);
    this.#bytes -= lengthOf(place) + PLACE_BYTES;
  }

  /** Makes room for a record that does not cross the end of the ring. @returns the number of bytes before it */
  #reserve(size: number): number {
    const capacity = this.#ring.length;
    const rest = capacity - (this.#written % capacity);
    if (rest < size) this.#written += rest;
    const start = this.#written;
    this.#written += size;
    for (const { start: oldest } of this.#places.values()) {
      if (oldest >= this.#written - capacity) break;
      this.#evict();
    }
    return start;
  }

  /** Removes the oldest record. */
  #evict(): void {
    for (const userId of this.#places.keys()) {
      this.forget(userId);
      return;
    }
  }
}

function lengthOf({ base, deltas, derived }: Place): number {
  return base + deltas + derived;
}
