import type { Random } from '../random.ts';
import { TopK } from '../top-k.ts';
import { type Choice, countRows, type FeatureTable } from './choice.ts';
import { type Posterior, sampleWeights, withColumns } from './linear.ts';

export interface ThompsonOptions {
  readonly features: FeatureTable;
  readonly posterior: Posterior;
  /** Number of slots; with fewer candidates the slate has one slot per candidate. */
  readonly size: number;
  /** Number of weight vectors drawn from the posterior, at least 1. */
  readonly draws: number;
  readonly random: Random;
}

/**
 * Thompson sampling of a slate (Chapelle and Li 2011; Agrawal and Goyal 2013 for the linear model).
 * Each of `draws` weight vectors makes its list of the `size` best candidates, ties to the smaller row, and one
 * list, picked uniformly, is shown; its scores, xᵀw under its own draw, descend. The propensity of a slot is the share
 * of the lists that have the same candidate there, in [1/draws, 1].
 *
 * Given the draws the policy is exactly "pick one of these lists", so the propensity is the exact probability
 * that was acted on, not an estimate of one, and it cannot be zero. Conditioned on the draws, inverse propensity
 * weighting is therefore unbiased for the candidates that some list has in the slot. The others had no chance in
 * this request: a policy that would show them lies outside the support here, the less often the more draws.
 *
 * Throws RangeError where `features` are not whole rows or not finite, or `draws` is not a positive integer.
 */
export function chooseByThompson(options: ThompsonOptions): Choice {
  const { features, draws, random } = options;
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new RangeError(`draws must be a positive integer: ${draws}`);
  const candidates = countRows(features);
  const size = Math.min(options.size, candidates);
  const { rows, scores } = drawLists(options, candidates, size);
  const shown = random.integer(draws) * size;

  const order = rows.slice(shown, shown + size);
  const propensities = new Float64Array(size);
  for (let slot = 0; slot < size; slot++) {
    let lists = 0;
    for (let list = 0; list < draws; list++) if (rows[list * size + slot] === order[slot]) lists++;
    propensities[slot] = lists / draws;
  }
  return { order, scores: scores.slice(shown, shown + size), propensities };
}

/** Weight vectors whose scores are computed together: independent sums keep the processor busy. */
const LISTS_AT_ONCE = 4;

/** One list after another: `rows[list * size + slot]`. */
function drawLists(
  { features: { columns, values }, posterior, draws, random }: ThompsonOptions,
  candidates: number,
  size: number,
): { rows: Int32Array; scores: Float64Array } {
  const weights = drawWeights(posterior, columns, draws, random);
  const rows = new Int32Array(draws * size);
  const scores = new Float64Array(draws * size);
  const product = new Float64Array(LISTS_AT_ONCE * candidates);
  const top = new TopK(size);
  for (let first = 0; first < draws; first += LISTS_AT_ONCE) {
    scoreLists(values, weights.subarray(first * columns.length), columns.length, product);
    const lists = Math.min(LISTS_AT_ONCE, draws - first);
    for (let list = 0; list < lists; list++) {
      selectBest(product.subarray(list * candidates, (list + 1) * candidates), top);
      top.drainInto(rows, scores, (first + list) * size);
    }
  }
  return { rows, scores };
}

/** Returns `draws` vectors with a weight per column, row-major, and rows of zeros up to a multiple of LISTS_AT_ONCE. */
function drawWeights(
  posterior: Posterior,
  columns: readonly string[],
  draws: number,
  random: Random,
): Float64Array {
  const d = columns.length;
  const law = withColumns(posterior, columns);
  const places = Int32Array.from(columns, (name) => law.columns.get(name)!);
  const drawn = new Float64Array(law.mean.length);
  const weights = new Float64Array(Math.ceil(draws / LISTS_AT_ONCE) * LISTS_AT_ONCE * d);
  for (let list = 0; list < draws; list++) {
    sampleWeights(law, random, drawn);
    for (let i = 0; i < d; i++) weights[list * d + i] = drawn[places[i]!]!;
  }
  return weights;
}

/** Computes xᵀw of each row under LISTS_AT_ONCE weight vectors; the sums add in the order of the columns. */
function scoreLists(values: Float64Array, weights: Float64Array, d: number, into: Float64Array): void {
  const candidates = into.length / LISTS_AT_ONCE;
  for (let candidate = 0; candidate < candidates; candidate++) {
    let a = 0;
    let b = 0;
    let c = 0;
    let e = 0;
    for (let i = 0, j = candidate * d; i < d; i++, j++) {
      const value = values[j]!;
      a += weights[i]! * value;
      b += weights[d + i]! * value;
      c += weights[2 * d + i]! * value;
      e += weights[3 * d + i]! * value;
    }
    into[candidate] = a;
    into[candidates + candidate] = b;
    into[2 * candidates + candidate] = c;
    into[3 * candidates + candidate] = e;
  }
}

function selectBest(scores: Float64Array, top: TopK): void {
  let { bar } = top;
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row]!;
    if (score < bar) continue;
    top.offer(row, score);
    bar = top.bar;
  }
}
