import { TopK } from '../top-k.ts';
import { norm, type Vector } from '../vectors.ts';
import { BLOCK_ROWS, type ProductRows, ROUNDING } from './product-rows.ts';

export interface BoundedScan {
  /** Items with a vector each. */
  readonly rows: ProductRows;
  /** One a row, finite, at least 0 and falling. The same array is the cheapest one to scan with again. */
  readonly factors: Float64Array;
  /** Length dim. */
  readonly query: Vector;
  readonly k: number;
  /** Places of rows that must be left out. */
  readonly excluded?: readonly number[];
  /** 1 at the place of each further row that must be left out. */
  readonly withheld?: Uint8Array;
}

export interface ScannedRows {
  /** At most k places of rows, the best first, ties by place; only rows of a score above 0. */
  readonly places: Int32Array;
  /** factor · ⟨query, row⟩. */
  readonly scores: Float64Array;
  /** Rows that were looked at: whole blocks. */
  readonly scanned: number;
}

/** Reused by each scan, because memory outside of the heap is costly to allocate and to free. All zeros and empty between scans. */
const scratch = { top: new TopK(0), isExcluded: new Uint8Array(0) };

/**
 * The k rows of the highest factor · ⟨query, row⟩, exactly. No row scores above factor · ‖query‖ (Cauchy–Schwarz), so that the scan
 * ends at the first block whose factors cannot reach the k-th best score any more. With the factors of popularity, which few items have
 * most of, that is after a part of the rows; with equal factors it is a full scan, O(n·dim). Throws RangeError if shapes disagree.
 */
export function boundedTopK({ rows, factors, query, k, excluded = [], withheld }: BoundedScan): ScannedRows {
  const { count, dim } = rows;
  if (query.length !== dim || factors.length !== count) {
    throw new RangeError(
      `A query of ${query.length} numbers, and ${factors.length} factors for ${count} rows of ${dim}`,
    );
  }
  const capacity = Math.min(k, count);
  if (scratch.top.capacity !== capacity) scratch.top = new TopK(capacity);
  if (scratch.isExcluded.length < count) scratch.isExcluded = new Uint8Array(count);
  const { top, isExcluded } = scratch;
  for (const place of excluded) isExcluded[place] = 1;
  const longest = norm(query) * ROUNDING;
  const { places: blockPlaces, scores: blockScores } = rows;
  rows.begin(query, factors);
  let bar = Math.max(0, top.bar);
  let first = 0;
  for (; first < count; first += BLOCK_ROWS) {
    if (!(factors[first]! * longest >= bar) || factors[first] === 0) break;
    const found = rows.above(first, bar);
    for (let i = 0; i < found; i++) {
      const score = blockScores[i]!;
      // An equal score of a later place comes after the last one that is kept.
      if (score <= bar) continue;
      const place = blockPlaces[i]!;
      if (isExcluded[place] === 1 || (withheld !== undefined && withheld[place] === 1)) continue;
      top.offer(place, score);
      bar = Math.max(0, top.bar);
    }
  }
  const places = new Int32Array(top.size);
  const scores = new Float64Array(top.size);
  top.drainInto(places, scores);
  for (const place of excluded) isExcluded[place] = 0;
  return { places, scores, scanned: Math.min(first, count) };
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
