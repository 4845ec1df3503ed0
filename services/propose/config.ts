import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { type ConfigOf, list, number, readConfig, weights } from '#platform/config.ts';

const SETTINGS = {
  indexUrls: list('TRIBUTARY_INDEX_URL', {
    fallback: ['http://127.0.0.1:8082'],
    summary: 'address of the index stage, or those of all its shards in their order',
  }),
  medoidsSampled: number('TRIBUTARY_MEDOIDS_SAMPLED', {
    fallback: 10,
    minimum: 1,
    maximum: 30,
    integer: true,
    summary: 'medoids sampled by importance for each refresh (PinnerSage: 3; on baskets 10 are better)',
  }),
  neighboursPerMedoid: number('TRIBUTARY_NEIGHBOURS_PER_MEDOID', {
    fallback: 60,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    summary: 'neighbours asked of the index for each sampled medoid',
  }),
  candidates: number('TRIBUTARY_CANDIDATES', {
    fallback: 100,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    summary: 'candidates a model proposes at most',
  }),
  popularityExponent: number('TRIBUTARY_POPULARITY_EXPONENT', {
    fallback: 0.5,
    minimum: 0,
    maximum: 2,
    summary: 'power of the popularity prior on medoid neighbours; 0 leaves it out',
  }),
  halfLifeDays: number('TRIBUTARY_TRENDING_HALF_LIFE_DAYS', {
    fallback: 7,
    minimum: 0.01,
    maximum: 3_650,
    summary: 'days of event time in which an action loses half its say in what is trending',
  }),
  trendingIntervalMs: number('TRIBUTARY_TRENDING_INTERVAL_MS', {
    fallback: 2_000,
    minimum: 100,
    maximum: 3_600_000,
    integer: true,
    summary: 'milliseconds between two lists of what is trending',
  }),
  actionWeights: weights('TRIBUTARY_ACTION_WEIGHTS', DEFAULT_ACTION_WEIGHTS, {
    summary: 'weight of each type of action',
  }),
} as const;

export type ProposeConfig = ConfigOf<typeof SETTINGS>;

export function readProposeConfig(): ProposeConfig {
  return readConfig(SETTINGS, process.env);
}
