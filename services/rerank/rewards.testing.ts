import { createRandom } from '#algorithms/random.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { DIMENSION } from './features.ts';

/** The reward of the given sequence, with features and a value that only depend on it. */
export function someReward(sequence: number, change: Partial<Reward> = {}): Reward {
  const random = createRandom(sequence);
  return {
    rewardId: `slate ${sequence}/0`,
    sequence,
    slateId: `slate ${sequence}`,
    userId: 'ann',
    itemId: 'tea',
    slot: 0,
    reward: random.next(),
    actionType: 'click',
    delay: 5,
    features: Array.from({ length: DIMENSION }, () => random.normal()),
    propensity: 0.5,
    servedAt: 1_700_000_000_000,
    ...change,
  };
}

export function someRewards(count: number): Reward[] {
  return Array.from({ length: count }, (_, index) => someReward(index + 1));
}
