/** Rows of one matrix, of which products are computed: what each kernel does. */
import type { Steps } from '../steps.ts';
import type { Vector } from '../vectors.ts';

/** Rows that are compared with a query at a time. */
export const BLOCK_ROWS = 256;

/** Rows in a step of the kernel. */
export const GROUP = 4;
/** A row of length 1 in float32 may be longer by so much; more than any estimate loses by rounding. */
export const ROUNDING = 1 + 1e-5;

/** Rows of one matrix, of which products with a query are computed. */
export interface ProductRows {
  readonly count: number;
  readonly dim: number;
  /** count × dim, row-major, zeros at first: write rows of length at most 1 into it before the first product. */
  readonly matrix: Float32Array;
  /** Found by the last call of `above`; the next call overwrites them. */
  readonly places: Int32Array;
  readonly scores: Float64Array;
  /** Does what the first product needs; else the first call of `begin` does it. The rows may not be written to afterwards. */
  prepare(): Steps<void>;
  /**
   * Sets the query for `above`, until the next call of `begin`.
   * @param query length dim
   * @param factors length count, finite, at least 0 and falling; not written to later
   */
  begin(query: Vector, factors: Float64Array): void;
  /**
   * Finds the rows of a block with factor · ⟨query, row⟩ > bar: their `places`, ascending, and `scores`.
   * @param first the first row of the block, a multiple of BLOCK_ROWS
   * @param bar at least 0
   * @returns their number
   */
  above(first: number, bar: number): number;
  /**
   * Computes factor · ⟨query, row⟩ of the rows at the first `count` of `places`, which the caller has written, into `scores`.
   * @param count at most BLOCK_ROWS
   */
  scorePlaces(count: number): void;
  /**
   * Finds for each place the probe of the largest weight · ⟨probe, row⟩ above 0, the first one of equals.
   * @param places at most BLOCK_ROWS
   * @returns views that the next call overwrites
   */
  strongest(places: Int32Array, probes: Probes): Strongest;
  /**
   * ⟨row of another, row of a place⟩ in float32 for each of both.
   * @param places at most MOST_PLACES
   * @param others any number of places
   */
  products(places: ArrayLike<number>, others: ArrayLike<number>): ProductTable;
}

/** Most columns of a table of products. */
export const MOST_PLACES = 64;

/** One row for each of the others, with a column for each place. */
export interface ProductTable {
  /** Row-major. */
  readonly values: Float32Array;
  /** Numbers of a row, at least one a column; what is beyond the columns means nothing. */
  readonly width: number;
}

/** Vectors with which rows are compared. */
export interface Probes {
  /** Of length at most 1; each has dim numbers. */
  readonly vectors: readonly Vector[];
  /** One a vector, falling. */
  readonly weights: readonly number[];
}

/** One a place. */
export interface Strongest {
  /** Position of the probe, −1 where none has a product above 0. */
  readonly probes: Int32Array;
  /** ⟨probe, row⟩ where there is one. */
  readonly products: Float64Array;
}

/** Numbers of a row of a table with a column for each place. */
export function widthFor(places: ArrayLike<number>): number {
  return GROUP * Math.ceil(places.length / GROUP);
}

/** @throws RangeError for more than MOST_PLACES */
export function checkPlaces({ length }: ArrayLike<number>): void {
  if (length > MOST_PLACES) throw new RangeError(`Products of ${length} places; ${MOST_PLACES} are the most`);
}
