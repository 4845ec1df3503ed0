import type { Release } from '#contracts/generated/records.ts';

/**
 * Generations whose embeddings may leave the log: retired ones beyond the newest `kept`, and rejected ones. The newest
 * retired ones stay, to roll back to.
 */
export function disposableGenerations(releases: Iterable<Release>, kept: number): string[] {
  const all = [...releases];
  const retired = all
    .filter(({ state }) => state === 'retired')
    .sort((a, b) => (a.generation < b.generation ? 1 : -1))
    .slice(kept);
  const rejected = all.filter(({ state }) => state === 'rejected');
  return [...retired, ...rejected].map(({ generation }) => generation);
}

/** What a process that ended in mid-training left behind: it will never be completed. */
export function interruptedReleases(releases: Iterable<Release>, now: number): Release[] {
  return [...releases]
    .filter(({ state }) => state === 'building')
    .map((release) => ({
      ...release,
      state: 'rejected',
      updatedAt: now,
      reason: 'the retraining was interrupted',
    }));
}
