import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import type { Random } from '#algorithms/random.ts';
import { gainsByUser, type Recommendations, scoreRecommendations } from '../pinsage/scores.ts';
import type { TemporalSplit } from '../pinsage/split.ts';

export type TemporalRow = {
  readonly name: string;
  readonly ndcg10: number;
  readonly recall20: number;
  readonly hitRate10: number;
  readonly coverage10: number;
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
  return { name, ndcg10, recall20, hitRate10, coverage10, low, high };
}
