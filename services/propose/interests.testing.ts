import { DEFAULT_ACTION_WEIGHTS } from '#algorithms/pinnersage/action-weights.ts';
import type { Medoid, UserInterests } from '#contracts/generated/records.ts';
import type { ProposeConfig } from './config.ts';

export const CONFIG: ProposeConfig = {
  indexUrls: ['http://127.0.0.1:1'],
  medoidsSampled: 3,
  neighboursPerMedoid: 60,
  candidates: 100,
  popularityExponent: 0.5,
  halfLifeDays: 7,
  trendingIntervalMs: 2_000,
  actionWeights: DEFAULT_ACTION_WEIGHTS,
};

export function medoid(itemId: string, importance = 1): Medoid {
  return { itemId, type: 'buy', importance, size: 1, lastOccurredAt: 1_000 };
}

/** Interests with what a test does not care about filled in. */
export function interests(change: Partial<UserInterests> = {}): UserInterests {
  return {
    userId: 'u1',
    version: 5,
    generation: 'g1',
    streamTime: 1_000,
    receivedAt: 2_000,
    medoids: [medoid('tea')],
    recent: [],
    windowSize: 1,
    unknownItems: 0,
    ...change,
  };
}
