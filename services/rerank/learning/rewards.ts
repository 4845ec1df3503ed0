import { createStatistics, observe, type Statistics } from '#algorithms/bandit/statistics.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { COLUMNS_OF_VERSION_1, isColumnName } from '../features.ts';

/** The statistics learned from one partition of `rewards`. */
export interface Learned {
  readonly statistics: Statistics;
  /** Sequence number of the last used reward; 0 if none. */
  sequence: number;
}

/**
 * Limits memory and work, which grow with the square of the columns. It leaves room for 32 models and 32 features of
 * candidates.
 */
export const MAX_COLUMNS = 128;

/**
 * - taken: counted now
 * - repeat: counted before
 * - other-features: not as many features as names, or names that are not distinct names of columns
 * - invalid: a number that is not finite
 * - too-many-columns: its new columns would exceed MAX_COLUMNS
 */
export type RewardOutcome = 'taken' | 'repeat' | 'other-features' | 'invalid' | 'too-many-columns';

export function nothingLearned(): Learned {
  return { statistics: createStatistics(), sequence: 0 };
}

/**
 * Adds one reward. In log order the sums equal those of a fresh reading of the partition to the last bit:
 * floating-point addition is repeated in the same order, columns appear in the order of the log, and duplicates are
 * dropped by their sequence number.
 */
export function applyReward(learned: Learned, reward: Reward): RewardOutcome {
  const { statistics } = learned;
  if (reward.sequence <= learned.sequence) return 'repeat';
  learned.sequence = reward.sequence;
  const { features, featureNames } = reward;
  const columns = featureNames.length === 0 ? COLUMNS_OF_VERSION_1 : featureNames;
  if (features.length !== columns.length || !areColumns(columns)) return 'other-features';
  if (!Number.isFinite(reward.reward) || !features.every(Number.isFinite)) return 'invalid';
  const unknown = columns.filter((name) => !statistics.columns.has(name));
  if (statistics.columns.size + unknown.length > MAX_COLUMNS) return 'too-many-columns';
  observe(statistics, columns, Float64Array.from(features), reward.reward);
  return 'taken';
}

function areColumns(names: readonly string[]): boolean {
  return names.every(isColumnName) && new Set(names).size === names.length;
}
