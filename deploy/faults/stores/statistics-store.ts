import { changedHead, type Head, requireHead } from '#platform/kafka/held-state.ts';
import { decodeBlock, encodeBlock, learnerOfKey } from '../../../services/rerank/learning/blocks.ts';
import { nothingLearned, type OpenSlate } from '../../../services/rerank/learning/rewards.ts';
import type { StatisticsStore } from '../../../services/rerank/learning/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

/** The statistics of a partition as they are stored. */
export interface StoredStatistics extends Head {
  /** By key, in hexadecimal digits, empty for a block that is gone; undefined before the first reward. */
  readonly blocks?: Readonly<Record<string, string>>;
  readonly sequence?: number;
  /** The slate under way, as JSON. */
  readonly open?: string;
}

export const STATISTICS = 'rerank/statistics/';

const UNCHANGED = { offset: undefined, topicId: undefined, incarnation: undefined };

/** The store of statistics over values in memory, with the commands of the store in Redis, one by one. */
export function createStatisticsStoreIn(values: KeyValues, run: RunCommand): StatisticsStore {
  const held = (partition: number) => values.get<StoredStatistics>(`${STATISTICS}${partition}`);
  return {
    async load(partition) {
      const stored = await run(() => held(partition));
      const learned = nothingLearned();
      learned.sequence = stored?.sequence ?? 0;
      learned.open = JSON.parse(stored?.open ?? 'null') as OpenSlate | null;
      for (const [key, text] of Object.entries(stored?.blocks ?? {}))
        if (text !== '') learned.blocks.set(key, decodeBlock(Buffer.from(text, 'hex'), learnerOfKey(key)));
      return { offset: stored?.offset ?? -1, incarnation: stored?.incarnation, learned };
    },
    async save(partition, { learned, offset }, known) {
      const changed = [...learned.changed].map((key) => {
        const block = learned.blocks.get(key);
        return [key, block === undefined ? '' : Buffer.from(encodeBlock(block)).toString('hex')] as const;
      });
      const { sequence } = learned;
      const open = JSON.stringify(learned.open);
      return run(() => {
        const before = held(partition);
        if (known !== undefined) requireHead(before, known);
        if (before !== undefined && before.offset >= offset) return false;
        const blocks = { ...before?.blocks, ...Object.fromEntries(changed) };
        values.set(`${STATISTICS}${partition}`, { ...before, offset, blocks, sequence, open });
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
