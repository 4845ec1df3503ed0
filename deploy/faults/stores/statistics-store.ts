import { decodeStatistics, encodeStatistics } from '#algorithms/bandit/statistics.ts';
import { changedHead, type Head, requireHead } from '#platform/kafka/held-state.ts';
import { COLUMNS_OF_VERSION_1 } from '../../../services/rerank/features.ts';
import { nothingLearned } from '../../../services/rerank/learning/rewards.ts';
import type { StatisticsStore } from '../../../services/rerank/learning/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

/** The statistics of a partition as they are stored. */
export interface StoredStatistics extends Head {
  /** In hexadecimal digits; undefined before the first reward. */
  readonly statistics?: string;
  readonly sequence?: number;
}

export const STATISTICS = 'rerank/statistics/';

const UNCHANGED = { offset: undefined, topicId: undefined, incarnation: undefined };

/** The store of statistics over values in memory, with the commands of the store in Redis, one by one. */
export function createStatisticsStoreIn(values: KeyValues, run: RunCommand): StatisticsStore {
  const held = (partition: number) => values.get<StoredStatistics>(`${STATISTICS}${partition}`);
  return {
    async load(partition) {
      const stored = await run(() => held(partition));
      const nothing = nothingLearned();
      return {
        offset: stored?.offset ?? -1,
        incarnation: stored?.incarnation,
        learned: {
          sequence: stored?.sequence ?? 0,
          statistics:
            stored?.statistics === undefined
              ? nothing.statistics
              : decodeStatistics(Buffer.from(stored.statistics, 'hex'), COLUMNS_OF_VERSION_1),
        },
      };
    },
    async save(partition, { learned, offset }, known) {
      const statistics = Buffer.from(encodeStatistics(learned.statistics)).toString('hex');
      const { sequence } = learned;
      return run(() => {
        const before = held(partition);
        if (known !== undefined) requireHead(before, known);
        if (before !== undefined && before.offset >= offset) return false;
        values.set(`${STATISTICS}${partition}`, { ...before, offset, statistics, sequence });
        return true;
      });
    },
    readHead: (partition) =>
      run(() => {
        const stored = held(partition);
        return changedHead(stored, UNCHANGED);
      }),
    writeHead: (partition, head) =>
      run(() => {
        const before = held(partition);
        const next = changedHead(before, head);
        if (next !== undefined) values.set(`${STATISTICS}${partition}`, { ...before, ...next });
      }),
    clear: (partition) => run(() => values.delete(`${STATISTICS}${partition}`)),
  };
}
