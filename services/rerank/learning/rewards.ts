import { createStatistics, observe, type Statistics } from '#algorithms/bandit/statistics.ts';
import { isWithin, NUMBER_BOUNDS } from '#contracts/domain/number-bounds.ts';
import { rewardFault } from '#contracts/domain/record-validity.ts';
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
 * - invalid: a number that is out of its bounds, or a sequence that no log can lead to
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
  if (rewardFault(reward) !== undefined) return 'invalid';
  const unknown = columns.filter((name) => !statistics.columns.has(name));
  if (statistics.columns.size + unknown.length > MAX_COLUMNS) return 'too-many-columns';
  observe(statistics, columns, Float64Array.from(features), reward.reward);
  return 'taken';
}

/**
 * Returns whether the log can lead to this sequence number at this offset. Each number takes at least one message of the
 * partition, so one message with a huge number would make repeats of all later rewards.
 */
export function isPossibleSequence(learned: Learned, sequence: number, offset: number): boolean {
  // The first reward may have been copied from another cluster, where its offset was higher.
  return learned.sequence === 0 || sequence <= Math.max(learned.sequence, offset) + 1;
}

/** Allows for the rounding of sums. */
const ROUNDING = 1 + 1e-9;

/**
 * Returns the statistics if rewards within the bounds can lead to them, else those of no rewards, at the same sequence.
 * Before numbers were bounded, one reward could make the sums so large that no posterior exists.
 */
export function believableLearned(learned: Learned): Learned {
  const { columns, precision, moment, count } = learned.statistics;
  const mostSquares = count * NUMBER_BOUNDS.feature.most ** 2 * ROUNDING;
  const mostProducts = count * NUMBER_BOUNDS.feature.most * NUMBER_BOUNDS.reward.most * ROUNDING;
  const isBelievable =
    precision.every((sum) => isWithin(sum, { least: -mostSquares, most: mostSquares })) &&
    moment.every((sum) => isWithin(sum, { least: -mostProducts, most: mostProducts })) &&
    [...columns.values()].every((i) => precision[i * columns.size + i]! >= 0);
  return isBelievable ? learned : { ...nothingLearned(), sequence: learned.sequence };
}

function areColumns(names: readonly string[]): boolean {
  return names.every(isColumnName) && new Set(names).size === names.length;
}
