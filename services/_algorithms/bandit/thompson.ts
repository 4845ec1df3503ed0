import type { Random } from '../random.ts';
import { type Choice, countRows, type FeatureTable } from './choice.ts';
import { combineProducts, drawCombined } from './combined.ts';
import { type Posterior, sampleWeights, withColumns } from './linear.ts';
import { createRanking, type RankedLists, type RankRows } from './ranking-kernel.ts';
import {
  type AllowsRow,
  type ChoiceOfLists,
  chooseFrom,
  fill,
  type LawOfSlates,
  lawOfLists,
} from './slate-law.ts';

export interface ThompsonOptions {
  readonly features: FeatureTable;
  readonly posterior: Posterior;
  /** Number of slots; with fewer candidates the slate has one slot per candidate. */
  readonly size: number;
  /** Number of weight vectors drawn from the posterior, at least 1. */
  readonly draws: number;
  readonly random: Random;
  /** Which rows may stand in a slot; by default all may. */
  readonly allows?: AllowsRow | undefined;
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
  return chooseFrom(thompsonLaw(options), options.random);
}

/** The law of `chooseByThompson`. Rules apply inside each list. */
export function thompsonLaw(options: ThompsonOptions): LawOfSlates {
  const { features, draws, allows } = options;
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new RangeError(`draws must be a positive integer: ${draws}`);
  const candidates = countRows(features);
  const size = Math.min(options.size, candidates);
  if (allows === undefined) return lawOfLists({ ...drawLists(options, size), lists: draws, size });
  return lawOfLists(withRules(drawLists(options, candidates), { lists: draws, candidates, size, allows }));
}

/** Takes the best rows of each list that are allowed. Lists that end early are as long as the shortest. */
function withRules(
  ranked: RankedLists,
  options: { lists: number; candidates: number; size: number; allows: AllowsRow },
): ChoiceOfLists {
  const { lists, candidates, size, allows } = options;
  const places = Array.from({ length: lists }, (_, list) => {
    const start = list * candidates;
    const taken: number[] = [];
    fill(size, (above, slot) => {
      for (let at = start; at < start + candidates; at++) {
        const row = ranked.rows[at]!;
        if (above.includes(row) || !allows(row, above, slot)) continue;
        taken.push(at);
        return row;
      }
      return undefined;
    });
    return taken;
  });
  const shortest = Math.min(...places.map(({ length }) => length));
  const kept = places.flatMap((taken) => taken.slice(0, shortest));
  return {
    rows: Int32Array.from(kept, (at) => ranked.rows[at]!),
    scores: Float64Array.from(kept, (at) => ranked.scores[at]!),
    lists,
    size: shortest,
  };
}

let ranking: RankRows | undefined;

/** Draws the weight vectors, and ranks the candidates by each. */
function drawLists({ features, posterior, draws, random }: ThompsonOptions, size: number): RankedLists {
  const { columns, values } = features;
  ranking ??= createRanking();
  const weights = drawWeights(posterior, features, draws, random);
  return ranking({ values, columns: columns.length, weights, lists: draws, size });
}

/** Returns `draws` vectors with a weight per column, row-major. */
function drawWeights(
  posterior: Posterior,
  { columns, values, products = [] }: FeatureTable,
  draws: number,
  random: Random,
): Float64Array {
  if (products.length > 0)
    return drawCombined(combineProducts(posterior, { columns, values, products }), draws, random);
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
