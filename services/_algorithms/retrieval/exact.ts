import { TopK } from '../top-k.ts';
import { rowCount, type Vector } from '../vectors.ts';

export interface ExactSearch {
  /** n × dim, row-major. */
  readonly matrix: Vector;
  readonly dim: number;
  /** Length dim. */
  readonly query: Vector;
  readonly k: number;
  /** Returns whether a row must be left out of the result. Asked only of rows whose score would be kept. */
  readonly isExcluded?: (row: number) => boolean;
}

export interface Neighbours {
  /** At most k rows, the best first, ties by row. */
  readonly rows: Int32Array;
  /** Dot products, cosines where rows and query have length 1. */
  readonly scores: Float64Array;
}

/**
 * The k rows of the highest dot product by a full scan, O(n·dim): for small catalogues, and as the ground truth for
 * an approximate index. Throws RangeError if shapes disagree.
 */
export function exactTopK({ matrix, dim, query, k, isExcluded }: ExactSearch): Neighbours {
  if (query.length !== dim)
    throw new RangeError(`The query has ${query.length} numbers, but the rows have ${dim}`);
  const count = rowCount(matrix, dim);
  const top = new TopK(Math.min(k, count));
  for (let candidate = 0; candidate < count; candidate++) {
    let score = 0;
    for (let i = 0, j = candidate * dim; i < dim; i++, j++) score += query[i]! * matrix[j]!;
    if (score < top.bar || isExcluded?.(candidate)) continue;
    top.offer(candidate, score);
  }
  const rows = new Int32Array(top.size);
  const scores = new Float64Array(top.size);
  top.drainInto(rows, scores);
  return { rows, scores };
}
