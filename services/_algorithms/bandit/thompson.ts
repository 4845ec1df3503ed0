import type { Random } from '../random.ts';
import { type Choice, countRows, type FeatureTable } from './choice.ts';
import { type Posterior, sampleWeights, withColumns } from './linear.ts';
import { createRanking, type RankedLists, type RankRows } from './ranking-kernel.ts';

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
  const { rows, scores } = drawLists(options, size);
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

let ranking: RankRows | undefined;

/** Draws the weight vectors, and ranks the candidates by each. */
function drawLists(
  { features: { columns, values }, posterior, draws, random }: ThompsonOptions,
  size: number,
): RankedLists {
  ranking ??= createRanking();
  const weights = drawWeights(posterior, columns, draws, random);
  return ranking({ values, columns: columns.length, weights, lists: draws, size });
}

/** Returns `draws` vectors with a weight per column, row-major. */
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
  const weights = new Float64Array(draws * d);
  for (let list = 0; list < draws; list++) {
    sampleWeights(law, random, drawn);
    for (let i = 0; i < d; i++) weights[list * d + i] = drawn[places[i]!]!;
  }
  return weights;
}
