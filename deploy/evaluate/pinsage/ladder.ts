import { bootstrapRatio, sumsByGroup } from '#algorithms/evaluation/bootstrap.ts';
import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import type { FeatureLayout } from '#algorithms/pinsage/features.ts';
import { type ActionColumns, type PairColumns, positivePairs } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import { drawOrder } from '../../../services/retrain/training/batches.ts';
import type { TrainConfig } from '../../../services/retrain/training/train-config.ts';
import type { Recipe } from '../../vectors/embeddings.ts';
import type { TemporalSplit } from './split.ts';

/** A training of the comparison: its differences from PinSage's. */
export interface Rung {
  readonly name: string;
  readonly config?: Partial<TrainConfig>;
  readonly layout?: Partial<FeatureLayout>;
}

/** Training budget of each rung: enough to distinguish them, and 40 trainings end in some 20 minutes. */
const BUDGET: Partial<TrainConfig> = { epochs: 6, examplesPerEpoch: 16_384 };

const MEAN: Partial<TrainConfig> = { pooling: 'mean', hardNegatives: false };

export const PINSAGE_RUNG: Rung = { name: 'PinSage' };

/** The learned rows of the paper's Table 1 (PinSage, KDD 2018, §4.2), then PinSage without what the paper does not have. */
export const LADDER: readonly Rung[] = [
  { name: 'max pooling', config: { ...MEAN, pooling: 'max' } },
  { name: 'mean pooling', config: MEAN },
  { name: 'mean pooling, cross-entropy', config: { ...MEAN, loss: 'cross-entropy' } },
  { name: 'mean pooling, hard negatives', config: { pooling: 'mean' } },
  PINSAGE_RUNG,
  { name: 'PinSage without places', layout: { structure: 0 } },
  { name: 'PinSage, places in the features alone', config: { directPlaces: false } },
  { name: 'PinSage without damped hubs', config: { hubDamping: 0 } },
  { name: 'PinSage, walks of 1,000 steps', config: { walkSteps: 1_000 } },
];

/** Temperatures among which that of the cross-entropy is tuned. */
export const TEMPERATURES: readonly number[] = [0.05, 0.1, 0.2, 0.5];

/** Cross-entropy at a temperature that was tuned inside the training time; the ladder has the temperature 1. */
export function crossEntropyAt(temperature: number): Rung {
  const name = `mean pooling, cross-entropy at its tuned temperature, ${temperature}`;
  return { name, config: { ...MEAN, loss: 'cross-entropy', temperature } };
}

/** Mean of 1/rank, by which temperatures are compared. */
export function meanReciprocalRank(ranks: Float64Array): number {
  return ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length;
}

/** T, the size of neighbourhoods: the paper's Table 4. */
export const NEIGHBOURHOOD_SIZES: readonly number[] = [10, 20, 50];

/** The recipe of a rung: the base except for the budget, which all rungs share, and the differences of the rung. */
export function recipeOf(base: Recipe, { config = {}, layout = {} }: Rung, seed: number): Recipe {
  return {
    ...base,
    layout: { ...base.layout, ...layout },
    config: { ...base.config, ...BUDGET, ...config, seed },
  };
}

/** Pairs with the user who took both items. */
export interface TestPairs extends PairColumns {
  readonly user: Int32Array;
}

/**
 * Positives as defined by training, of the time after the split: neither a training nor its early stopping has seen
 * any of them. At most `count`, drawn from all.
 */
export function testPairs(
  { test }: Pick<TemporalSplit, 'test'>,
  { pairsWithinDays, pairsPerAction }: TrainConfig,
  count: number,
  random: Random,
): TestPairs {
  const options = { withinMs: pairsWithinDays * MILLISECONDS_PER_DAY, pairsPerAction };
  const draws = random.fork('pairs');
  const all: { user: number; query: number; positive: number; at: number }[] = [];
  for (const [user, positions] of Map.groupBy(test.user.keys(), (position) => test.user[position]!)) {
    const { query, positive, at } = positivePairs(rowsOf(test, positions), options, draws);
    for (let p = 0; p < query.length; p++)
      all.push({ user, query: query[p]!, positive: positive[p]!, at: at[p]! });
  }
  const chosen = drawOrder(all.length, count, random.fork('chosen')).sort();
  const column = (name: 'user' | 'query' | 'positive') => chosen.map((p) => all[p]![name]);
  return {
    user: column('user'),
    query: column('query'),
    positive: column('positive'),
    at: Float64Array.from(chosen, (p) => all[p]!.at),
  };
}

function rowsOf(
  { user, context, item, weight, at }: ActionColumns,
  positions: readonly number[],
): ActionColumns {
  const numbers = (column: Int32Array) => Int32Array.from(positions, (p) => column[p]!);
  return {
    user: numbers(user),
    context: numbers(context),
    item: numbers(item),
    weight: Float32Array.from(positions, (p) => weight[p]!),
    at: Float64Array.from(positions, (p) => at[p]!),
  };
}

/** Ranks of the same positives, from 1, by the vectors of each seed. */
export type RanksBySeed = readonly Float64Array[];

/** Shares and means over queries and seeds, and 95 % intervals that treat households and seeds as random. */
export type LadderRow = {
  readonly name: string;
  /** Queries whose positive is among the nearest 100: 1.1 % of 8,776 products; the paper's 500 are .01 % of its pins. */
  readonly hitRate: number;
  readonly low: number;
  readonly high: number;
  /** Mean of 1/⌈rank/100⌉, the paper's. */
  readonly mrr: number;
  readonly mrrLow: number;
  readonly mrrHigh: number;
  readonly hitRate10: number;
  /** Mean of 1/rank. */
  readonly reciprocalRank: number;
  /** Hit rate of the reference minus that of this row, per query. */
  readonly lead: number;
  readonly leadLow: number;
  readonly leadHigh: number;
};

const isWithin = (k: number) => (rank: number) => (rank <= k ? 1 : 0);
const HIT_RATE = isWithin(100);
const RECIPROCAL_RANK = (rank: number) => 1 / Math.ceil(rank / 100);

/**
 * @param reference ranks of the same pairs by the reference of the row, for at least as many seeds
 * @param users the household of each pair
 */
export function ladderRow(
  name: string,
  ranks: RanksBySeed,
  { reference, users }: { readonly reference: RanksBySeed; readonly users: ArrayLike<number> },
  random: Random,
): LadderRow {
  const byHousehold = (table: readonly Float64Array[]) => {
    const { sums, counts } = sumsByGroup(table, users);
    return bootstrapRatio(sums, counts, random.fork(name));
  };
  const estimate = (value: (rank: number) => number) => byHousehold(ranks.map((each) => each.map(value)));
  const hitRate = estimate(HIT_RATE);
  const mrr = estimate(RECIPROCAL_RANK);
  const leads = reference.map((each, seed) => {
    const own = ranks[seed % ranks.length]!;
    return each.map((rank, query) => HIT_RATE(rank) - HIT_RATE(own[query]!));
  });
  const lead = byHousehold(leads);
  return {
    name,
    hitRate: hitRate.mean,
    low: hitRate.low,
    high: hitRate.high,
    mrr: mrr.mean,
    mrrLow: mrr.low,
    mrrHigh: mrr.high,
    hitRate10: estimate(isWithin(10)).mean,
    reciprocalRank: estimate((rank) => 1 / rank).mean,
    lead: lead.mean,
    leadLow: lead.low,
    leadHigh: lead.high,
  };
}
