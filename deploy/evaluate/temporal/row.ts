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
  /** 95 % interval of `ndcg10` by bootstrap over the users, and over the seeds where there are several. */
  readonly low: number;
  readonly high: number;
};

export function rowOf(
  name: string,
  split: TemporalSplit,
  recommended: Recommendations,
  random: Random,
): TemporalRow {
  return meanOf(name, split, [recommended], random);
}

/** The mean figures of the lists of several seeds, and the interval over users and seeds. */
export function meanOf(
  name: string,
  split: TemporalSplit,
  seeds: readonly Recommendations[],
  random: Random,
): TemporalRow {
  const scores = seeds.map((recommended) => ({
    ...scoreRecommendations(split, recommended),
    overlap10: pairOverlap(recommended.values(), 10),
  }));
  const mean = (column: keyof (typeof scores)[number]) =>
    scores.reduce((sum, score) => sum + score[column], 0) / scores.length;
  const gains = seeds.map((recommended) => gainsByUser(split, recommended));
  const { low, high } = bootstrapMean(gains, random.fork(name));
  return {
    name,
    ndcg10: mean('ndcg10'),
    recall20: mean('recall20'),
    hitRate10: mean('hitRate10'),
    coverage10: mean('coverage10'),
    overlap10: mean('overlap10'),
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
