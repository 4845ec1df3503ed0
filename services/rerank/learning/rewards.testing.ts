import { createRandom } from '#algorithms/random.ts';
import { aReward } from '#contracts/domain/records.testing.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { applyReward, type Learned, type LearningTerms, type RewardOutcome } from './rewards.ts';

/** The columns of slates in which the model took part. */
function columnsWith(model: string): string[] {
  return ['bias', `${model}.proposed`, `${model}.rank`, `${model}.score`, 'popularity'];
}

const MODELS = ['trending', 'medoid-neighbours', 'constructor'];

/** The reward of the given sequence number, of slates with two slots; features, names and value depend on it alone. */
export function someReward(sequence: number, change: Partial<Reward> = {}): Reward {
  const random = createRandom(sequence);
  const slate = Math.ceil(sequence / 2);
  const featureNames = columnsWith(MODELS[slate % MODELS.length]!);
  return aReward({
    sequence,
    slateId: `slate ${slate}`,
    slot: (sequence - 1) % 2,
    slots: 2,
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

/** The terms of the defaults. */
export const TERMS: LearningTerms = { halfLifeMs: 7 * 86_400_000, interactions: ['at.history', 'at.idle'] };

/** Adds rewards in log order. @returns the outcome of each */
export function applyRewards(
  learned: Learned,
  rewards: Iterable<Reward>,
  terms: LearningTerms = TERMS,
): RewardOutcome[] {
  return Array.from(rewards, (reward) => applyReward(learned, reward, terms));
}
