import { rewardFault } from '#contracts/domain/record-validity.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { Reward } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { requireContinuity } from '#platform/kafka/held-state.ts';
import type { Showing } from '../pools/shown-items.ts';
import type { PoolStore } from '../pools/store.ts';
import {
  applyReward,
  believableLearned,
  isPossibleSequence,
  type LearningTerms,
  MAX_COLUMNS,
  MAX_LEARNERS,
  type RewardOutcome,
} from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

export interface Learner {
  learn(batch: IncomingBatch<Reward>): Promise<void>;
  /** Clears the sums in memory: after a rebalance another process may have written newer ones. */
  forget(): void;
}

/** Adds rewards to the statistics of their partition; each batch is one fenced write. */
export function createLearner(options: {
  store: StatisticsStore;
  terms: LearningTerms;
  count: (outcome: RewardOutcome) => void;
  /** Notes what the rewards of a partition show of showings, before the statistics include them; it expects redelivery. */
  noteShown?: PoolStore['noteShown'] | undefined;
}): Learner {
  const { store, terms, count, noteShown } = options;
  let inMemory = new Map<number, HeldStatistics>();

  return {
    async learn(batch) {
      const { partition, messages, lastOffset } = batch;
      // A batch that outlives a rebalance keeps this object, so that it changes nothing of the next assignment.
      const ours = inMemory;
      // Removed while it is updated, so that a failed write leaves no sums in memory that Redis does not hold.
      const held = ours.get(partition) ?? believable(await store.load(partition));
      ours.delete(partition);
      requireContinuity(held, batch);
      // Also for messages that the sums include already: the process may have stopped before the dead letter was sent.
      for (const { offset, value } of messages) {
        const fault = value === null ? undefined : rewardFault(value);
        if (fault !== undefined) batch.reject(offset, fault.code, faultSentence(fault));
      }
      const fresh = messages.filter(({ offset }) => offset > held.offset);
      if (lastOffset <= held.offset) return;
      const showings: Showing[] = [];
      for (const { offset, value } of fresh) {
        if (value === null) continue;
        if (!isPossibleSequence(held.learned, value.sequence, offset)) {
          const reason = `sequence is ${value.sequence}, more than the messages of the partition`;
          batch.reject(offset, 'number.invalid', reason);
          count('invalid');
          continue;
        }
        const outcome = applyReward(held.learned, value, terms);
        if (outcome === 'too-many-columns') {
          batch.reject(offset, 'features.limit', `its new features would exceed the limit of ${MAX_COLUMNS}`);
        }
        if (outcome === 'too-many-learners') {
          batch.reject(offset, 'features.limit', `more than ${MAX_LEARNERS} arms of experiments learn apart`);
        }
        if (isShowing(outcome, value)) showings.push(showingOf(offset, value));
        count(outcome);
      }
      if (showings.length > 0) await noteShown?.(held.incarnation ?? '', showings);
      const { learned, incarnation } = held;
      const advanced = { learned, offset: lastOffset, incarnation };
      // State that no comparison with the log has named is fenced by its offset alone.
      const known = incarnation === undefined ? undefined : { offset: held.offset, incarnation };
      if (!(await store.save(partition, advanced, known))) return;
      learned.changed.clear();
      ours.set(partition, advanced);
    },
    forget() {
      inMemory = new Map();
    },
  };
}

/** A slot that was not seen for certain is no showing; all others are, also those of which nothing is known. */
export function isShowing(outcome: RewardOutcome, { exposure }: Reward): boolean {
  return outcome !== 'repeat' && outcome !== 'invalid' && exposure !== 'unseen';
}

export function showingOf(offset: number, { userId, itemId, servedAt, actionType }: Reward): Showing {
  return { offset, userId, itemId, servedAt, hasReaction: actionType !== null };
}

function believable(held: HeldStatistics): HeldStatistics {
  return { ...held, learned: believableLearned(held.learned) };
}
