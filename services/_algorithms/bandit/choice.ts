import { TopK } from '../top-k.ts';
import { isFiniteVector } from '../vectors.ts';
import type { Posterior } from './linear.ts';

/** The candidates of a slate, one row each, by named features. */
export interface FeatureTable {
  /** Names of the columns, at least one, all distinct. */
  readonly columns: readonly string[];
  /** rows × columns, row-major, finite. */
  readonly values: Float64Array;
}

/** The choice of a policy: three arrays of one length, one entry per slot. */
export interface Choice {
  /** Row of the shown candidate; no row appears twice. */
  readonly order: Int32Array;
  /** Score that the policy gave the candidate. */
  readonly scores: Float64Array;
  /** Probability in (0, 1] that the policy would show this candidate in this slot. */
  readonly propensities: Float64Array;
}

/** Returns the number of candidates. Throws RangeError if `values` are not whole rows or not finite. */
export function countRows({ columns, values }: FeatureTable): number {
  const rows = values.length / columns.length;
  if (!Number.isInteger(rows)) {
    throw new RangeError(`${values.length} numbers are not rows of ${columns.length} features`);
  }
  if (!isFiniteVector(values)) throw new RangeError('Features must be finite');
  return rows;
}

/** Returns the mean of the weight of each column: that of the prior if nothing was learned about it. */
export function meanWeights({ columns, mean, prior }: Posterior, names: readonly string[]): Float64Array {
  return Float64Array.from(names, (name) => {
    const place = columns.get(name);
    return place === undefined ? prior.meanOf(name) : mean[place]!;
  });
}

/** Returns xᵀw of each row; `weights` has one number per column. */
export function scoreRows({ columns, values }: FeatureTable, weights: Float64Array): Float64Array {
  const d = columns.length;
  const scores = new Float64Array(values.length / d);
  for (let row = 0; row < scores.length; row++) {
    let score = 0;
    for (let i = 0, j = row * d; i < d; i++, j++) score += weights[i]! * values[j]!;
    scores[row] = score;
  }
  return scores;
}

/** Returns the rows with the highest scores, the best first, ties to the smaller row; at most `size`. */
export function bestRows(scores: Float64Array, size: number): Int32Array {
  const top = new TopK(Math.min(size, scores.length));
  for (const [row, score] of scores.entries()) top.offer(row, score);
  const rows = new Int32Array(top.size);
  top.drainInto(rows, new Float64Array(top.size));
  return rows;
}

/** The choice of a deterministic policy: the best rows, each shown with probability 1. */
export function certainChoice(scores: Float64Array, size: number): Choice {
  const order = bestRows(scores, size);
  return {
    order,
    scores: Float64Array.from(order, (row) => scores[row]!),
    propensities: new Float64Array(order.length).fill(1),
  };
}
