import type { Medoid, UserInterests } from '#contracts/generated/records.ts';
import type { ProposeConfig } from './config.ts';

export const CONFIG: ProposeConfig = {
  indexUrl: 'http://127.0.0.1:1',
  medoidsSampled: 3,
  neighboursPerMedoid: 60,
  candidates: 100,
  popularityExponent: 0.5,
  halfLifeDays: 7,
  trendingIntervalMs: 2_000,
  actionWeights: {
    view: 0.2,
    click: 0.4,
    save: 1,
    share: 1,
    message: 1,
    buy: 1,
    rate: 1,
    hide: -1,
    return: -1,
  },
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
