import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import { pairOverlap } from '#algorithms/evaluation/metrics.ts';
import type { Random } from '#algorithms/random.ts';
import { gainsByUser, type Recommendations, scoreRecommendations } from '../pinsage/scores.ts';
import type { TemporalSplit } from '../pinsage/split.ts';

export type TemporalRow = {
  readonly name: string;
  readonly ndcg10: number;
  readonly recall20: number;
  readonly hitRate10: number;
  readonly coverage10: number;
  /** Mean overlap of the first ten of two users, as a share of ten. */
  readonly overlap10: number;
  /** 95 % interval of `ndcg10` by bootstrap over the users. */
  readonly low: number;
  readonly high: number;
};

export function rowOf(
  name: string,
  split: TemporalSplit,
  recommended: Recommendations,
  random: Random,
): TemporalRow {
  const { ndcg10, recall20, hitRate10, coverage10 } = scoreRecommendations(split, recommended);
  const { low, high } = bootstrapMean([gainsByUser(split, recommended)], random.fork(name));
  return {
    name,
    ndcg10,
    recall20,
    hitRate10,
    coverage10,
    overlap10: pairOverlap(recommended.values(), 10),
    low,
    high,
  };
}

/**
 * The lead of a method over a peer in NDCG@10, user by user: the mean over users and seeds, and a 95 % interval by bootstrap over both.
 * @param seeds the lists of the method by seed
 */
export function leadOf(
  peer: string,
  split: TemporalSplit,
  seeds: readonly Recommendations[],
  recommended: Recommendations,
  random: Random,
): { readonly name: string; readonly mean: number; readonly low: number; readonly high: number } {
  const bar = gainsByUser(split, recommended);
  const leads = seeds.map((own) => gainsByUser(split, own).map((gain, user) => gain - bar[user]!));
  return { name: `as served − ${peer}`, ...bootstrapMean(leads, random.fork(peer)) };
}
