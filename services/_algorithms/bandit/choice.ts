import { TopK } from '../top-k.ts';
import { isFiniteVector } from '../vectors.ts';
import type { Posterior } from './linear.ts';
import { chooseFrom, fill, type LawOfSlates, lawOfLists } from './slate-law.ts';
import { type SlateRules, SlateWalk } from './slate-rules.ts';

/** The candidates of a slate, one row each, by named features. */
export interface FeatureTable {
  /** Names of the columns, at least one, all distinct. */
  readonly columns: readonly string[];
  /** rows × columns, row-major, finite. */
  readonly values: Float64Array;
  /** Products of columns with numbers that are the same for all rows; their weights are added to those of their columns. */
  readonly products?: readonly ProductColumn[];
}

/** A column that is another one times a number, so that it need not be in the table. */
export interface ProductColumn {
  readonly name: string;
  /** Index of the other column. */
  readonly column: number;
  readonly factor: number;
}

/** The choice of a policy: arrays of one length, one entry per slot. */
export interface Choice {
  /** Row of the shown candidate; no row appears twice. */
  readonly order: Int32Array;
  /** Score that the policy gave the candidate. */
  readonly scores: Float64Array;
  /** Probability in (0, 1] that the policy would show this candidate in this slot. */
  readonly propensities: Float64Array;
  /** That given the candidates in the slots above. */
  readonly conditionals: Float64Array;
  /** Probability that the policy would show this candidate in any slot; 0 if it is not known. */
  readonly inclusions: Float64Array;
  /** Probability of the slate as a whole. */
  readonly probability: number;
  /** Number of draws from the posterior; 0 if there are none. */
  readonly draws: number;
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

/** Returns the mean of what each column of the table counts in a score, its products included. */
export function meanOfTable(posterior: Posterior, { columns, products = [] }: FeatureTable): Float64Array {
  const weights = meanWeights(posterior, columns);
  const names = products.map(({ name }) => name);
  const added = meanWeights(posterior, names);
  for (const [index, { column, factor }] of products.entries()) weights[column]! += factor * added[index]!;
  return weights;
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

/** The law of a deterministic policy: the best rows that the rules allow, with probability 1. */
export function certainLaw(scores: Float64Array, size: number, rules?: SlateRules): LawOfSlates {
  const rows = certainRows(scores, size, rules);
  return lawOfLists(
    { rows, scores: Float64Array.from(rows, (row) => scores[row]!), lists: 1, size: rows.length },
    0,
  );
}

/** The choice of a deterministic policy: the best rows, each shown with probability 1. */
export function certainChoice(scores: Float64Array, size: number): Choice {
  return chooseFrom(certainLaw(scores, size), {
    next: noChance,
    integer: noChance,
    normal: noChance,
    fork: noChance,
  });
}

/** A law of one slate needs none. */
function noChance(): never {
  throw new Error('a certain choice drew a random number');
}

/** Slot by slot, the best of the rows that are allowed; by default all are. */
export function certainRows(scores: Float64Array, size: number, rules?: SlateRules): Int32Array {
  if (rules === undefined) return bestRows(scores, size);
  const ranked = bestRows(scores, scores.length);
  const walk = new SlateWalk(rules);
  return fill(Math.min(size, ranked.length), () => {
    const row = walk.pinned ?? ranked.find((one) => walk.allows(one));
    if (row !== undefined) walk.take(row);
    return row;
  });
}
