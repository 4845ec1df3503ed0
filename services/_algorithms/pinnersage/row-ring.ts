import type { Vector } from '../vectors.ts';
import type { ForestLeaves } from './incremental-centroids.ts';
import { createRowKernel, type RowKernel, WIDTH_STEP } from './row-kernel.ts';

const MIB = 1_048_576;
/** 32,768 vectors of 64 numbers. */
const DEFAULT_RING_BYTES = 8 * MIB;
/** A ring holds the leaves of at least this many runs, however little memory it is given. */
const LEAST_RUNS = 4;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** 2⁻²⁴, the relative error of rounding to float32. */
const ROUNDING = 2 ** -24;
/** Squares below the least normal float32 lose their digits, sums above this may have run over. */
const LEAST_SQUARE = 2 ** -120;
const LARGEST_SQUARE = 2 ** 126;

/**
 * Leaves' vectors in the kernel's memory, so that distances from one vector to all leaves of a run cost two or three µs.
 * Vectors are loaded into a ring of rows in which the oldest give way: those of users who were clustered lately need
 * no loading, whoever's turn it is, and the memory is bounded.
 */
export class RowRing {
  readonly #kernel: RowKernel;
  readonly #ringBytes: number;
  /** By leaves, the ticket of each: the number of vectors that were loaded before it. */
  #tickets = new WeakMap<ForestLeaves, Float64Array>();
  #next = 0;
  #width = 0;
  #capacity = 0;
  /** Leaves that a run may have: the memory is laid out as query, positions and answers of so many, then the ring. */
  #most = 0;
  #floats = new Float32Array(0);
  #positions = new Int32Array(0);
  #count = 0;

  constructor(ringBytes = DEFAULT_RING_BYTES, kernel = createRowKernel()) {
    this.#kernel = kernel;
    this.#ringBytes = ringBytes;
  }

  /**
   * Chooses the leaves of the next queries. `leafOf` says which of those `before` they go on from, as `LeafChange` does:
   * these are the same vectors.
   */
  place(leaves: ForestLeaves, before: ForestLeaves, leafOf: Int32Array): void {
    const count = leaves.vectors.length;
    this.#count = count;
    if (count === 0) return;
    this.#reserve(count, leaves.vectors[0]?.length ?? 0);
    const tickets = new Float64Array(count).fill(-1);
    this.#tickets.get(before)?.forEach((ticket, old) => {
      if (leafOf[old]! >= 0) tickets[leafOf[old]!] = ticket;
    });
    // What is loaded below must not overwrite what is taken over.
    const oldest = Math.max(0, this.#next - this.#capacity + count);
    const first = this.#queryBytes() / BYTES;
    for (let leaf = 0; leaf < count; leaf++) {
      if (tickets[leaf]! < oldest) tickets[leaf] = this.#load(leaves.vectors[leaf]!);
      this.#positions[first + leaf] = this.#rowOf(tickets[leaf]!) * BYTES;
    }
    this.#tickets.set(leaves, tickets);
  }

  /**
   * Lower bounds on the squared distances from `query` to the leaves that were placed last, into `bounds`. They are below
   * the distances by at most about 10⁻⁵ of ‖query‖² and of themselves.
   */
  boundDistances(query: Float64Array, bounds: Float64Array): void {
    let squaredNorm = 0;
    this.#floats.fill(0, query.length, this.#width);
    for (let d = 0; d < query.length; d++) {
      this.#floats[d] = query[d]!;
      squaredNorm += query[d]! * query[d]!;
    }
    const positions = this.#queryBytes();
    const answers = positions + this.#most * BYTES;
    this.#kernel.squaredDistances(0, positions, this.#count, this.#width, answers);
    // Rounding the query moves it by ROUNDING·‖query‖; each of at most `width` additions and three more steps errs relatively.
    const relative = 1 - 2 * (this.#width + 4) * ROUNDING;
    const absolute = 4 * ROUNDING * squaredNorm + LEAST_SQUARE;
    const first = answers / BYTES;
    for (let leaf = 0; leaf < this.#count; leaf++) {
      const squared = this.#floats[first + leaf]!;
      const bound = squared < LARGEST_SQUARE ? squared * relative - absolute : 0;
      bounds[leaf] = Math.max(0, bound);
    }
  }

  #queryBytes(): number {
    return this.#width * BYTES;
  }

  #rowOf(ticket: number): number {
    return this.#width + 2 * this.#most + (ticket % this.#capacity) * this.#width;
  }

  #load(vector: Vector): number {
    const row = this.#rowOf(this.#next);
    this.#floats.set(vector, row);
    this.#floats.fill(0, row + vector.length, row + this.#width);
    return this.#next++;
  }

  #reserve(count: number, dim: number): void {
    const width = Math.ceil(dim / WIDTH_STEP) * WIDTH_STEP;
    if (count <= this.#most && width === this.#width) return;
    this.#width = width;
    this.#most = Math.max(this.#most, Math.ceil(1.25 * count));
    this.#capacity = Math.max(LEAST_RUNS * this.#most, Math.floor(this.#ringBytes / BYTES / width));
    this.#tickets = new WeakMap();
    const bytes = (width + 2 * this.#most + this.#capacity * width) * BYTES;
    const memory = this.#kernel.reserve(bytes);
    this.#floats = new Float32Array(memory);
    this.#positions = new Int32Array(memory);
  }
}
