import { TopK } from '../top-k.ts';
import { norm, type Vector } from '../vectors.ts';
import { BLOCK_ROWS, createBlockProducts } from './product-kernel.ts';

/** Items with a vector and a factor each, by falling factor. */
export interface FactoredRows {
  /** n × dim, row-major; rows of length at most 1. */
  readonly matrix: Float32Array;
  readonly dim: number;
  /** Length n, finite, at least 0 and falling. */
  readonly factors: Float64Array;
}

export interface BoundedScan {
  readonly rows: FactoredRows;
  /** Length dim. */
  readonly query: Vector;
  readonly k: number;
  /** 1 at the place of each row that must be left out. */
  readonly excluded?: Uint8Array;
}

export interface ScannedRows {
  /** At most k places of rows, the best first, ties by place; only rows of a score above 0. */
  readonly places: Int32Array;
  /** factor · ⟨query, row⟩. */
  readonly scores: Float64Array;
  /** Rows that were looked at. */
  readonly scanned: number;
}

/** Beyond rounding: a row of length 1 in float32 may be longer by so much. */
const ROUNDING = 1 + 1e-5;

const productsOf = createBlockProducts();

/**
 * The k rows of the highest factor · ⟨query, row⟩, exactly. No row scores above factor · ‖query‖ (Cauchy–Schwarz), so that the scan
 * ends at the first factor which cannot reach the k-th best score any more. With the factors of popularity, which few items have
 * most of, that is after a part of the rows; with equal factors it is a full scan, O(n·dim). Throws RangeError if shapes disagree.
 */
export function boundedTopK({ rows, query, k, excluded }: BoundedScan): ScannedRows {
  const { matrix, dim, factors } = rows;
  if (query.length !== dim || matrix.length !== factors.length * dim) {
    throw new RangeError(
      `A query of ${query.length} numbers, and ${matrix.length} numbers for ${factors.length} rows of ${dim}`,
    );
  }
  const top = new TopK(Math.min(k, factors.length));
  const longest = norm(query) * ROUNDING;
  const direction = Float64Array.from(query);
  let products: Float64Array = direction;
  let { bar } = top;
  let place = 0;
  for (; place < factors.length; place++) {
    const factor = factors[place]!;
    if (!(factor * longest >= bar) || factor === 0) break;
    const inBlock = place % BLOCK_ROWS;
    if (inBlock === 0)
      products = productsOf(direction, matrix, place, Math.min(BLOCK_ROWS, factors.length - place));
    if (excluded !== undefined && excluded[place] === 1) continue;
    const score = factor * products[inBlock]!;
    // An equal score of a later place comes after the last one that is kept.
    if (!(score > 0 && score > bar)) continue;
    top.offer(place, score);
    bar = top.bar;
  }
  const places = new Int32Array(top.size);
  const scores = new Float64Array(top.size);
  top.drainInto(places, scores);
  return { places, scores, scanned: place };
}

/** Places of the factors, the highest first, ties by `compare`. */
export function byFallingFactor(
  factors: ArrayLike<number>,
  compare: (a: number, b: number) => number = (a, b) => a - b,
): Int32Array {
  return Int32Array.from({ length: factors.length }, (_, place) => place).sort(
    (a, b) => factors[b]! - factors[a]! || compare(a, b),
  );
}
