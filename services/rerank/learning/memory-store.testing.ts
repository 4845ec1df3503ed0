import { nothingLearned } from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

/** A store of statistics in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryStatisticsStore(): StatisticsStore {
  const partitions = new Map<number, HeldStatistics>();
  return {
    async load(partition) {
      return structuredClone(partitions.get(partition) ?? { learned: nothingLearned(), offset: -1 });
    },
    async save(partition, held) {
      if ((partitions.get(partition)?.offset ?? -1) >= held.offset) return false;
      partitions.set(partition, structuredClone(held));
      return true;
    },
  };
}
