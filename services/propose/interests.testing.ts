import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
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
  return aMedoid({ itemId, importance, lastOccurredAt: 1_000 });
}

/** Interests of u1 with the one medoid tea. */
export function interests(change: Partial<UserInterests> = {}): UserInterests {
  return someInterests({ streamTime: 1_000, receivedAt: 2_000, medoids: [medoid('tea')], ...change });
}
