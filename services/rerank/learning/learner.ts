import type { Reward } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { applyReward, MAX_COLUMNS, type RewardOutcome } from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

export interface Learner {
  learn(batch: IncomingBatch<Reward>): Promise<void>;
  /** Clears the sums in memory: after a rebalance another process may have written newer ones. */
  forget(): void;
}

/** Adds rewards to the statistics of their partition; each batch is one fenced write. */
export function createLearner(options: {
  store: StatisticsStore;
  count: (outcome: RewardOutcome) => void;
}): Learner {
  const { store, count } = options;
  const inMemory = new Map<number, HeldStatistics>();

  return {
    async learn(batch) {
      const { partition, messages } = batch;
      // Removed while it is updated, so that a failed write leaves no sums in memory that Redis does not hold.
      const held = inMemory.get(partition) ?? (await store.load(partition));
      inMemory.delete(partition);
      const fresh = messages.filter(({ offset }) => offset > held.offset);
      const last = fresh.at(-1);
      if (last === undefined) return;
      for (const { offset, value } of fresh) {
        if (value === null) continue;
        const outcome = applyReward(held.learned, value);
        if (outcome === 'invalid') {
          batch.reject(offset, 'number.invalid', 'the reward or a feature is not a finite number');
        } else if (outcome === 'too-many-columns') {
          batch.reject(offset, 'features.limit', `its new features would exceed the limit of ${MAX_COLUMNS}`);
        }
        count(outcome);
      }
      const advanced = { learned: held.learned, offset: last.offset };
      if (await store.save(partition, advanced)) inMemory.set(partition, advanced);
    },
    forget() {
      inMemory.clear();
    },
  };
}
