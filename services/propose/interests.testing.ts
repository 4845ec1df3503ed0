import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
import type { Medoid, UserInterests } from '#contracts/generated/records.ts';

export function medoid(itemId: string, importance = 1): Medoid {
  return aMedoid({ itemId, importance, lastOccurredAt: 1_000 });
}

/** Interests of u1 with the one medoid tea. */
export function interests(change: Partial<UserInterests> = {}): UserInterests {
  return someInterests({ streamTime: 1_000, receivedAt: 2_000, medoids: [medoid('tea')], ...change });
}
