import { createStatistics, observe, type Statistics } from '#algorithms/bandit/statistics.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { DIMENSION } from '../features.ts';

/** What one partition of `rewards` has taught. */
export interface Learned {
  readonly statistics: Statistics;
  /** Sequence of the last reward that was taken; 0 before any. */
  sequence: number;
}

/** taken: counted now; repeat: counted before; other-features: of another version of the features; invalid: not a number. */
export type RewardOutcome = 'taken' | 'repeat' | 'other-features' | 'invalid';

export function nothingLearned(): Learned {
  return { statistics: createStatistics(DIMENSION), sequence: 0 };
}

/**
 * Adds one reward. Called in log order it gives the sums of a fresh reading of the partition to the last bit, since
 * floating-point addition is repeated in the same order and repeats are dropped by their sequence.
 */
export function applyReward(learned: Learned, { sequence, features, reward }: Reward): RewardOutcome {
  if (sequence <= learned.sequence) return 'repeat';
  learned.sequence = sequence;
  if (features.length !== DIMENSION) return 'other-features';
  if (!Number.isFinite(reward) || !features.every(Number.isFinite)) return 'invalid';
  observe(learned.statistics, Float64Array.from(features), reward);
  return 'taken';
}

/** Adds rewards in log order. @returns the outcome of each */
export function applyRewards(learned: Learned, rewards: Iterable<Reward>): RewardOutcome[] {
  return Array.from(rewards, (reward) => applyReward(learned, reward));
}
