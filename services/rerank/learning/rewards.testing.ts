import { createRandom } from '#algorithms/random.ts';
import { aReward } from '#contracts/domain/records.testing.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { applyReward, type Learned, type RewardOutcome } from './rewards.ts';

/** The columns of slates in which the model took part. */
function columnsWith(model: string): string[] {
  return ['bias', `${model}.proposed`, `${model}.rank`, `${model}.score`, 'popularity'];
}

const MODELS = ['trending', 'medoid-neighbours', 'constructor'];

/** The reward of the given sequence number; features, names and value depend on it alone. */
export function someReward(sequence: number, change: Partial<Reward> = {}): Reward {
  const random = createRandom(sequence);
  const featureNames = columnsWith(MODELS[sequence % MODELS.length]!);
  return aReward({
    sequence,
    slateId: `slate ${sequence}`,
    userId: 'ann',
    reward: random.next(),
    actionType: 'click',
    features: featureNames.map(() => random.normal()),
    featureNames,
    servedAt: 1_700_000_000_000,
    ...change,
  });
}

export function someRewards(count: number): Reward[] {
  return Array.from({ length: count }, (_, index) => someReward(index + 1));
}

/** Adds rewards in log order. @returns the outcome of each */
export function applyRewards(learned: Learned, rewards: Iterable<Reward>): RewardOutcome[] {
  return Array.from(rewards, (reward) => applyReward(learned, reward));
}
