import type { Vector } from '../vectors.ts';
import type { ForestLeaves, MergeArrays } from './incremental-centroids.ts';
import { createRowKernel, type RowKernel, WIDTH_STEP } from './row-kernel.ts';

const MIB = 1_048_576;
/** 32,768 vectors of 64 numbers. */
const DEFAULT_RING_BYTES = 8 * MIB;
/** A ring holds the leaves of at least this many runs, however small its memory. */
const LEAST_RUNS = 4;
const SINGLE = Float32Array.BYTES_PER_ELEMENT;
const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** 2⁻²⁴, the relative error of rounding to float32. */
const ROUNDING = 2 ** -24;
/** Squares below the smallest normal float32 lose precision; sums above this may have overflowed. */
const LEAST_SQUARE = 2 ** -120;
const LARGEST_SQUARE = 2 ** 126;
/** Relative error that rounding may leave in sums of bounds and in spreads. */
const SLACK = 1e-9;

/**
 * Leaves' vectors in the kernel's memory, so that bounds on the distances from one cluster to all others cost a few
 * µs. Vectors are loaded into a ring of rows that overwrites the oldest: vectors that were used lately, by any user, need no
 * loading, and the memory is bounded. A vector that was loaded may not be modified.
 */
export class RowRing {
  readonly #kernel: RowKernel;
  readonly #ringBytes: number;
  /** The number of vectors that were loaded before this one. */
  #tickets = new WeakMap<Vector, number>();
  #next = 0;
  #width = 0;
  #capacity = 0;
  /** Maximum number of leaves of a run. */
  #most = 0;
  #count = 0;
  #memory: RingMemory;
  /** Output of the kernel, for the leaves that were placed last. */
  #answers: Float64Array = new Float64Array(0);

  constructor(ringBytes = DEFAULT_RING_BYTES, kernel = createRowKernel()) {
    this.#kernel = kernel;
    this.#ringBytes = ringBytes;
    this.#memory = layOut(kernel, 0, 0, 0);
  }

  /**
   * Weights, spreads and merges of the clusters of a run's leaves; the caller that makes the clusters writes them
   * here.
   */
  get arrays(): MergeArrays {
    return this.#memory;
  }

  /** Selects the leaves of a run. */
  place({ vectors, weights }: ForestLeaves): void {
    const count = vectors.length;
    this.#count = count;
    if (count === 0) return;
    this.#reserve(count, vectors[0]!.length);
    // The rows that are reused below must not be overwritten by the rows that are loaded.
    const oldest = Math.max(0, this.#next - this.#capacity + count);
    const { positions, leafWeights } = this.#memory;
    for (let leaf = 0; leaf < count; leaf++) {
      const vector = vectors[leaf]!;
      let ticket = this.#tickets.get(vector);
      if (ticket === undefined || ticket < oldest) {
        ticket = this.#load(vector);
        this.#tickets.set(vector, ticket);
      }
      positions[leaf] = this.#rowOf(ticket);
      leafWeights[leaf] = weights[leaf]!;
    }
    this.#pad(count);
  }

  /**
   * Writes lower bounds on the distance from a cluster of this centroid and weight to that of each slot, after this
   * number of merges; Infinity if the slot's weight is 0. Returns the smallest. The bounds are lower by about 10⁻⁵ of
   * ‖centroid‖² and of themselves.
   *
   * By Huygens' theorem Σ w·‖x − q‖² over a cluster is its spread about its centroid plus W·‖c − q‖², so that
   * distances from q to the leaves give those to all clusters without their centroids.
   */
  boundDistances(centroid: Float64Array, weight: number, merges: number, bounds: Float64Array): number {
    const { singles, at } = this.#memory;
    let squaredNorm = 0;
    for (let d = 0; d < centroid.length; d++) {
      singles[d] = centroid[d]!;
      squaredNorm += centroid[d]! * centroid[d]!;
    }
    singles.fill(0, centroid.length, this.#width);
    // Rounding both vectors moves them by ROUNDING of their lengths; each of the additions errs relatively.
    const relative = 1 - 2 * (this.#width + 4) * ROUNDING;
    const absolute = 4 * ROUNDING * squaredNorm + LEAST_SQUARE;
    const count = this.#count + (this.#count & 1);
    this.#kernel.boundLeaves(
      0,
      at.positions,
      at.leafWeights,
      count,
      this.#width,
      relative,
      absolute,
      LARGEST_SQUARE,
      at.bounds,
    );
    const { kept, gone, weights, spreads } = at;
    const least = this.#kernel.boundClusters(
      at.bounds,
      count,
      kept,
      gone,
      merges,
      weights,
      spreads,
      weight,
      SLACK,
    );
    bounds.set(this.#answers);
    return least;
  }

  #rowOf(ticket: number): number {
    return this.#memory.at.rows + (ticket % this.#capacity) * this.#width * SINGLE;
  }

  #load(vector: Vector): number {
    const row = this.#rowOf(this.#next) / SINGLE;
    this.#memory.singles.set(vector, row);
    this.#memory.singles.fill(0, row + vector.length, row + this.#width);
    return this.#next++;
  }

  /** The kernel processes slots in pairs: a slot beyond the last is an empty one. */
  #pad(count: number): void {
    const { positions, leafWeights, weights, spreads, bounds } = this.#memory;
    this.#answers = bounds.subarray(0, count);
    if (count % 2 === 0) return;
    positions[count] = 0;
    leafWeights[count] = 0;
    weights[count] = 0;
    spreads[count] = 0;
  }

  #reserve(count: number, dim: number): void {
    const width = Math.ceil(dim / WIDTH_STEP) * WIDTH_STEP;
    if (count <= this.#most && width === this.#width) return;
    this.#width = width;
    this.#most = Math.max(this.#most, 2 * Math.ceil(0.6 * count));
    this.#capacity = Math.max(LEAST_RUNS * this.#most, Math.floor(this.#ringBytes / SINGLE / width));
    this.#tickets = new WeakMap();
    this.#memory = layOut(this.#kernel, width, this.#most, this.#capacity);
  }
}

/** The kernel's memory: a query, the leaves and clusters of a run, and the rows of the ring. */
interface RingMemory extends MergeArrays {
  readonly singles: Float32Array;
  readonly positions: Int32Array;
  readonly leafWeights: Float64Array;
  readonly bounds: Float64Array;
  /** Byte positions of the parts. */
  readonly at: Readonly<Record<keyof MergeArrays | 'positions' | 'leafWeights' | 'bounds' | 'rows', number>>;
}

/** `most` is even and `width` a multiple of 8, so that every part is aligned. */
function layOut(kernel: RowKernel, width: number, most: number, capacity: number): RingMemory {
  const positions = width * SINGLE;
  const kept = positions + most * SINGLE;
  const gone = kept + most * SINGLE;
  const leafWeights = gone + most * SINGLE;
  const weights = leafWeights + most * DOUBLE;
  const spreads = weights + most * DOUBLE;
  const bounds = spreads + most * DOUBLE;
  const rows = bounds + most * DOUBLE;
  const memory = kernel.reserve(rows + capacity * width * SINGLE);
  return {
    singles: new Float32Array(memory),
    positions: new Int32Array(memory, positions, most),
    kept: new Int32Array(memory, kept, most),
    gone: new Int32Array(memory, gone, most),
    leafWeights: new Float64Array(memory, leafWeights, most),
    weights: new Float64Array(memory, weights, most),
    spreads: new Float64Array(memory, spreads, most),
    bounds: new Float64Array(memory, bounds, most),
    at: { positions, kept, gone, leafWeights, weights, spreads, bounds, rows },
  };
}
