import { coverage, hitRate, ndcg, type RankedList, recall } from '#algorithms/evaluation/metrics.ts';
import type { TemporalSplit } from './split.ts';

/** Means over the users with relevant items, in [0, 1], and their standard error for NDCG. */
export type Scores = {
  readonly ndcg10: number;
  readonly ndcg10Error: number;
  readonly recall10: number;
  readonly recall20: number;
  readonly hitRate10: number;
  /** Distinct items among the first ten of all lists, as a share of the catalogue. */
  readonly coverage10: number;
};

/** The best items of each user, the best first, none of them seen by that user. */
export type Recommendations = ReadonlyMap<number, readonly number[]>;

/** A user without recommendations scores 0. */
export function scoreRecommendations(split: TemporalSplit, recommendations: Recommendations): Scores {
  const lists = listsOf(split, recommendations);
  const gains = lists.map((list) => ndcg(list, 10));
  const shown = lists.map(({ recommended }) => recommended);
  return {
    ndcg10: mean(gains),
    ndcg10Error: standardError(gains),
    recall10: mean(lists.map((list) => recall(list, 10))),
    recall20: mean(lists.map((list) => recall(list, 20))),
    hitRate10: mean(lists.map((list) => hitRate(list, 10))),
    coverage10: coverage(shown, 10, split.itemIds.length),
  };
}

/** NDCG@10 of each user with relevant items, in their order, for paired comparisons of two methods. */
export function gainsByUser(split: TemporalSplit, recommendations: Recommendations): Float64Array {
  return Float64Array.from(listsOf(split, recommendations), (list) => ndcg(list, 10));
}

function listsOf({ relevant }: TemporalSplit, recommendations: Recommendations): RankedList<number>[] {
  return [...relevant].map(([user, items]) => ({
    recommended: recommendations.get(user) ?? [],
    relevant: items,
  }));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)) / (values.length - 1));
}
