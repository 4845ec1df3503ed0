import { changedHead, type Head, requireHead } from '#platform/kafka/held-state.ts';
import { nothingLearned } from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

/** A store of statistics in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryStatisticsStore(): StatisticsStore {
  const heads = new Map<number, Head>();
  const sums = new Map<number, HeldStatistics['learned']>();
  return {
    async load(partition) {
      const { offset = -1, incarnation } = heads.get(partition) ?? {};
      const learned = structuredClone({
        ...(sums.get(partition) ?? nothingLearned()),
        changed: new Set<string>(),
      });
      return { learned, offset, incarnation };
    },
    async save(partition, { learned, offset }, known) {
      const head = heads.get(partition);
      if (known !== undefined) requireHead(head, known);
      if ((head?.offset ?? -1) >= offset) return false;
      heads.set(partition, { topicId: head?.topicId, incarnation: head?.incarnation, offset });
      sums.set(partition, structuredClone(learned));
      return true;
    },
    async readHead(partition) {
      return heads.get(partition);
    },
    async writeHead(partition, head) {
      const next = changedHead(heads.get(partition), head);
      if (next !== undefined) heads.set(partition, next);
    },
    async clear(partition) {
      heads.delete(partition);
      sums.delete(partition);
    },
  };
}
