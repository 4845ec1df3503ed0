import type { Random } from '../random.ts';
import { type Choice, countRows, type FeatureTable } from './choice.ts';
import { combineProducts, drawCombined } from './combined.ts';
import { type Posterior, sampleWeights, withColumns } from './linear.ts';
import { createRanking, type RankedLists, type RankRows } from './ranking-kernel.ts';
import { type ChoiceOfLists, chooseFrom, type LawOfSlates, lawOfLists } from './slate-law.ts';
import { type RowKinds, type SlateRules, SlateWalk } from './slate-rules.ts';

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
  const rank = (which: readonly number[], length: number): RankedLists => {
    const own = which.length === draws ? weights : rowsOfWeights(weights, columns, which);
    return ranking!({ values: features.values, columns, weights: own, lists: which.length, size: length });
  };
  const all = Array.from({ length: draws }, (_, list) => list);
  if (rules === undefined) return lawOfLists({ ...rank(all, size), lists: draws, size });
  return lawOfLists(listsByRules(rank, all, { candidates, size, rules }));
}

function rowsOfWeights(weights: Float64Array, columns: number, which: readonly number[]): Float64Array {
  const own = new Float64Array(which.length * columns);
  for (const [place, list] of which.entries())
    own.set(weights.subarray(list * columns, (list + 1) * columns), place * columns);
  return own;
}

let ranking: RankRows | undefined;

/** Candidates that are ranked for a slot at first, of which the rules may leave out some. */
const RANKED_A_SLOT = 1.5;

/**
 * Takes the best rows of each list that the rules allow. Lists of which too few rows are ranked are ranked further.
 * @param rank the best rows of some lists, so many of each
 */
function listsByRules(
  rank: (which: readonly number[], length: number) => RankedLists,
  all: readonly number[],
  { candidates, size, rules }: { candidates: number; size: number; rules: SlateRules },
): ChoiceOfLists {
  const rows = new Int32Array(all.length * size);
  const scores = new Float64Array(all.length * size);
  const { kinds, mostOfKind } = rules;
  const alone = isKindsAlone(rules) ? kinds : undefined;
  const ofKind = new Int32Array(alone?.members.length ?? 0);
  const walk = alone === undefined ? new SlateWalk(rules) : undefined;
  let waiting = all;
  for (let length = Math.min(candidates, Math.ceil(RANKED_A_SLOT * size)); waiting.length > 0; ) {
    const ranked = rank(waiting, length);
    waiting = waiting.filter((list, place) => {
      const start = place * length;
      const part = {
        rows: ranked.rows.subarray(start, start + length),
        scores: ranked.scores.subarray(start, start + length),
      };
      const into = {
        rows: rows.subarray(list * size, (list + 1) * size),
        scores: scores.subarray(list * size, (list + 1) * size),
      };
      if (alone !== undefined && fillByKinds(part, into, alone, mostOfKind!, ofKind.fill(0))) return false;
      // Only with all rows ranked it is certain that the limit cannot be kept.
      if (alone !== undefined && length < candidates) return true;
      return !fillByWalk(part, into, walk ?? new SlateWalk(rules));
    });
    length = Math.min(candidates, 2 * length);
  }
  return { rows, scores, lists: all.length, size };
}

/** Whether the best rows that are ranked fill the list, by the limit of kinds alone. */
function fillByKinds(
  ranked: RankedLists,
  list: RankedLists,
  { ofRow }: RowKinds,
  most: number,
  ofKind: Int32Array,
): boolean {
  const { length } = list.rows;
  let slot = 0;
  for (let at = 0; at < ranked.rows.length && slot < length; at++) {
    const row = ranked.rows[at]!;
    const kind = ofRow[row]!;
    if (kind >= 0) {
      if (ofKind[kind]! >= most) continue;
      ofKind[kind]! += 1;
    }
    list.rows[slot] = row;
    list.scores[slot++] = ranked.scores[at]!;
  }
  return slot === length;
}

/** Whether the best rows that are ranked fill the list, by any rules. */
function fillByWalk(ranked: RankedLists, list: RankedLists, walk: SlateWalk): boolean {
  walk.restart();
  const end = ranked.rows.length;
  for (let slot = 0; slot < list.rows.length; slot++) {
    const { pinned } = walk;
    let at = 0;
    if (pinned === undefined) while (at < end && !walk.allows(ranked.rows[at]!)) at++;
    if (at === end) return false;
    const row = pinned ?? ranked.rows[at]!;
    list.rows[slot] = row;
    list.scores[slot] = pinned === undefined ? ranked.scores[at]! : 0;
    walk.take(row);
  }
  return true;
}

/** Whether the limit of kinds is the only rule, as in most slates: it needs no walk while it can be kept. */
function isKindsAlone({ pinned, homes, kinds, mostOfKind, alikeTo }: SlateRules): boolean {
  const isFree = (pinned?.size ?? 0) === 0 && homes === undefined && alikeTo === undefined;
  return isFree && kinds !== undefined && mostOfKind !== undefined;
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
