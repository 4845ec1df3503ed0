import type { Random } from '../random.ts';
import { type Choice, countRows, type FeatureTable } from './choice.ts';
import { combineProducts, drawCombined } from './combined.ts';
import { type Posterior, sampleWeights, withColumns } from './linear.ts';
import { createRanking, type RankedLists, type RankRows } from './ranking-kernel.ts';
import { type ChoiceOfLists, chooseFrom, type LawOfSlates, lawOfLists } from './slate-law.ts';
import { type SlateRules, SlateWalk } from './slate-rules.ts';

export interface ThompsonOptions {
  readonly features: FeatureTable;
  readonly posterior: Posterior;
  /** Number of slots; with fewer candidates the slate has one slot per candidate. */
  readonly size: number;
  /** Number of weight vectors drawn from the posterior, at least 1. */
  readonly draws: number;
  readonly random: Random;
  /** What each list must obey; by default nothing. */
  readonly rules?: SlateRules | undefined;
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
  const { features, posterior, draws, random, rules } = options;
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new RangeError(`draws must be a positive integer: ${draws}`);
  const candidates = countRows(features);
  const size = Math.min(options.size, candidates);
  const weights = drawWeights(posterior, features, draws, random);
  const columns = features.columns.length;
  ranking ??= createRanking();
  const rank = (length: number): RankedLists =>
    ranking!({ values: features.values, columns, weights, lists: draws, size: length });
  if (rules === undefined) return lawOfLists({ ...rank(size), lists: draws, size });
  return lawOfLists(listsByRules(rank, { lists: draws, candidates, size, rules }));
}

let ranking: RankRows | undefined;

/** Candidates that are ranked for a slot, of which the rules may leave out some. */
const RANKED_A_SLOT = 2;

/** Takes the best rows of each list that the rules allow. */
function listsByRules(
  rank: (length: number) => RankedLists,
  options: { lists: number; candidates: number; size: number; rules: SlateRules },
): ChoiceOfLists {
  const { lists, candidates, size, rules } = options;
  const rows = new Int32Array(lists * size);
  const scores = new Float64Array(lists * size);
  const walk = new SlateWalk(rules);
  let length = Math.min(candidates, RANKED_A_SLOT * size);
  let ranked = rank(length);

  /** Whether the best rows that are ranked fill the list. */
  function fillList(list: number): boolean {
    walk.restart();
    const end = (list + 1) * length;
    let at = list * length;
    for (let slot = 0; slot < size; slot++) {
      const { pinned } = walk;
      if (pinned !== undefined) {
        rows[list * size + slot] = pinned;
        walk.take(pinned);
        // Rows that were passed over may be allowed in another part of the slate.
        at = list * length;
        continue;
      }
      if (!walk.isWithinLimits || rules.homes !== undefined) at = list * length;
      while (at < end && !walk.allows(ranked.rows[at]!)) at++;
      if (at === end) return false;
      rows[list * size + slot] = ranked.rows[at]!;
      scores[list * size + slot] = ranked.scores[at]!;
      walk.take(ranked.rows[at]!);
    }
    return true;
  }

  for (let list = 0; list < lists; list++)
    while (!fillList(list)) {
      length = Math.min(candidates, 2 * length);
      ranked = rank(length);
    }
  return { rows, scores, lists, size };
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
