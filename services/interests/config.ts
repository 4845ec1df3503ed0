import { type ConfigOf, number, readConfig } from '#platform/config.ts';
import { ACTION_WEIGHTS, INDEX_URLS } from '#stages/settings.ts';

export const SETTINGS = {
  windowDays: number('TRIBUTARY_WINDOW_DAYS', {
    fallback: 90,
    minimum: 1,
    maximum: 3_650,
    unit: 'days',
    summary: 'event time that an action stays in the window (PinnerSage: 90 days)',
  }),
  windowMaximum: number('TRIBUTARY_WINDOW_MAXIMUM', {
    fallback: 400,
    minimum: 1,
    maximum: 5_000,
    integer: true,
    unit: 'actions',
    summary: 'most actions that a window holds; the memory of clustering grows with the square of it',
  }),
  lambdaPerDay: number('TRIBUTARY_LAMBDA_PER_DAY', {
    fallback: 0.01,
    minimum: 0,
    maximum: 10,
    summary: 'decay λ of importance a day: 0 ranks by frequency, 0.1 by recency (PinnerSage chose 0.01)',
  }),
  actionWeights: ACTION_WEIGHTS,
  recentMaximum: number('TRIBUTARY_RECENT_MAXIMUM', {
    fallback: 5_000,
    minimum: 0,
    maximum: 5_000,
    integer: true,
    unit: 'items',
    summary:
      'most distinct items that a record of interests names for slates to leave out, the latest; by default all of the window, up to 256 KiB',
  }),
  refreshUsersPerSecond: number('TRIBUTARY_REFRESH_USERS_PER_SECOND', {
    fallback: 100,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'users',
    summary:
      'most users that a refresh after a flip re-clusters in a second; it reads unchanged users twenty times as fast, and a user who acts is re-clustered at once',
  }),
  hotUsersMib: number('TRIBUTARY_HOT_USERS_MIB', {
    fallback: 128,
    minimum: 0,
    maximum: 65_536,
    unit: 'MiB',
    summary:
      'memory of the cache of users, which holds records as they are stored and evicts the least recently used; an eighth of it is for vectors in the kernel',
  }),
  vectorCacheItems: number('TRIBUTARY_VECTOR_CACHE_ITEMS', {
    fallback: 0,
    minimum: 0,
    maximum: 100_000_000,
    integer: true,
    unit: 'vectors',
    summary:
      'size of the cache of vectors that are fetched from the index; 0 keeps all vectors in memory instead, read from the topic embeddings',
  }),
  indexUrls: INDEX_URLS,
} as const;

export type InterestsConfig = ConfigOf<typeof SETTINGS>;

export function readInterestsConfig(): InterestsConfig {
  return readConfig(SETTINGS, process.env);
}
