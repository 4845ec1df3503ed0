import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { type ConfigOf, list, number, readConfig, weights } from '#platform/config.ts';

const SETTINGS = {
  windowDays: number('TRIBUTARY_WINDOW_DAYS', {
    fallback: 90,
    minimum: 1,
    maximum: 3_650,
    summary: 'days of event time an action stays in the window (PinnerSage: 90)',
  }),
  windowMaximum: number('TRIBUTARY_WINDOW_MAXIMUM', {
    fallback: 400,
    minimum: 1,
    maximum: 5_000,
    integer: true,
    summary: 'actions a window holds at most; clustering takes memory of its square',
  }),
  lambdaPerDay: number('TRIBUTARY_LAMBDA_PER_DAY', {
    fallback: 0.01,
    minimum: 0,
    maximum: 10,
    summary: 'decay of importance a day (PinnerSage: 0 is frequency, .1 recency, .01 was chosen)',
  }),
  actionWeights: weights('TRIBUTARY_ACTION_WEIGHTS', DEFAULT_ACTION_WEIGHTS, {
    summary: 'weight of each type of action; negative ones lower importance and never create an interest',
  }),
  recentMaximum: number('TRIBUTARY_RECENT_MAXIMUM', {
    fallback: 100,
    minimum: 0,
    maximum: 1_000,
    integer: true,
    summary: 'distinct recent items that travel with the interests, for slates to leave out',
  }),
  refreshUsersPerSecond: number('TRIBUTARY_REFRESH_USERS_PER_SECOND', {
    fallback: 100,
    minimum: 1,
    maximum: 1_000_000,
    summary: 'users that a walk after a flip clusters anew in a second, at most; who acts is done at once',
  }),
  hotUsersMib: number('TRIBUTARY_HOT_USERS_MIB', {
    fallback: 128,
    minimum: 0,
    maximum: 65_536,
    summary: 'MiB for users whose records were used lately, so that they need not be read again',
  }),
  vectorCacheItems: number('TRIBUTARY_VECTOR_CACHE_ITEMS', {
    fallback: 0,
    minimum: 0,
    maximum: 100_000_000,
    integer: true,
    summary: 'vectors kept of those that the index is asked for; 0 holds all of them, read from embeddings',
  }),
  indexUrls: list('TRIBUTARY_INDEX_URL', {
    fallback: ['http://127.0.0.1:8082'],
    summary: 'addresses of the index stage and all its shards, asked for vectors where not all are held',
  }),
} as const;

export type InterestsConfig = ConfigOf<typeof SETTINGS>;

export function readInterestsConfig(): InterestsConfig {
  return readConfig(SETTINGS, process.env);
}
