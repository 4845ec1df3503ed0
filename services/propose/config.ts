import { type ConfigOf, number, readConfig } from '#platform/config.ts';
import { ACTION_WEIGHTS, INDEX_URLS } from '#stages/settings.ts';

export const SETTINGS = {
  indexUrls: INDEX_URLS,
  medoidsSampled: number('TRIBUTARY_MEDOIDS_SAMPLED', {
    fallback: 10,
    minimum: 1,
    maximum: 30,
    integer: true,
    unit: 'medoids',
    summary:
      'medoids sampled by importance for each list; the 3 of PinnerSage lose a fifth of NDCG@10 on baskets (decision 0019)',
  }),
  neighboursPerMedoid: number('TRIBUTARY_NEIGHBOURS_PER_MEDOID', {
    fallback: 60,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    unit: 'neighbours',
    summary: 'neighbours that the index is asked for, for each sampled medoid',
  }),
  candidates: number('TRIBUTARY_CANDIDATES', {
    fallback: 100,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    unit: 'candidates',
    summary: 'most candidates in a list of proposals',
  }),
  popularityExponent: number('TRIBUTARY_POPULARITY_EXPONENT', {
    fallback: 0.5,
    minimum: 0,
    maximum: 2,
    summary:
      'exponent of the popularity by which the score of a medoid’s neighbour is multiplied; 0 leaves popularity out',
  }),
  halfLifeDays: number('TRIBUTARY_TRENDING_HALF_LIFE_DAYS', {
    fallback: 7,
    minimum: 0.01,
    maximum: 3_650,
    unit: 'days',
    summary: 'event time in which an action loses half its weight in the popularity of its item',
  }),
  trendingIntervalMs: number('TRIBUTARY_TRENDING_INTERVAL_MS', {
    fallback: 2_000,
    minimum: 100,
    maximum: 3_600_000,
    integer: true,
    unit: 'ms',
    summary: 'time between two lists of trending items',
  }),
  actionWeights: ACTION_WEIGHTS,
} as const;

export type ProposeConfig = ConfigOf<typeof SETTINGS>;

export function readProposeConfig(): ProposeConfig {
  return readConfig(SETTINGS, process.env);
}
