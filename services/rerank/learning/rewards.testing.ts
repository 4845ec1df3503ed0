import { createRandom } from '#algorithms/random.ts';
import { aReward } from '#contracts/domain/records.testing.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { DIMENSION } from '../features.ts';

/** The reward of the given sequence, with features and a value that only depend on it. */
export function someReward(sequence: number, change: Partial<Reward> = {}): Reward {
  const random = createRandom(sequence);
  return aReward({
    sequence,
    slateId: `slate ${sequence}`,
    userId: 'ann',
    reward: random.next(),
    actionType: 'click',
    features: Array.from({ length: DIMENSION }, () => random.normal()),
    servedAt: 1_700_000_000_000,
    ...change,
  });
}

export function someRewards(count: number): Reward[] {
  return Array.from({ length: count }, (_, index) => someReward(index + 1));
}
