import { nothingLearned } from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

/** A store of statistics in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryStatisticsStore(): StatisticsStore {
  const partitions = new Map<number, HeldStatistics>();
  const topicIds = new Map<number, string | undefined>();
  return {
    async load(partition) {
      return structuredClone(partitions.get(partition) ?? { learned: nothingLearned(), offset: -1 });
    },
    async save(partition, held) {
      if ((partitions.get(partition)?.offset ?? -1) >= held.offset) return false;
      partitions.set(partition, structuredClone(held));
      return true;
    },
    async readHead(partition) {
      const held = partitions.get(partition);
      return held === undefined ? undefined : { offset: held.offset, topicId: topicIds.get(partition) };
    },
    async writeHead(partition, { offset, topicId }) {
      partitions.set(partition, { learned: partitions.get(partition)?.learned ?? nothingLearned(), offset });
      topicIds.set(partition, topicId);
    },
    async clear(partition) {
      partitions.delete(partition);
      topicIds.delete(partition);
    },
  };
}
