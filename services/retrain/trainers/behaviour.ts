import { type BehaviourFactors, type FactorOptions, factorise } from '#algorithms/behaviour/factors.ts';
import { distinctPairs } from '#algorithms/behaviour/sparse.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { createRandom } from '#algorithms/random.ts';

/** Chosen inside the first 80 % of completejourney (decision 0043). */
export const BEHAVIOUR_OPTIONS: FactorOptions = {
  rank: 64,
  regularisation: 0.1,
  damping: 0,
  popularity: 0.1,
};

/** Trains the factors of the users' behaviour on positive actions; each pair of user and item counts once. */
export function trainBehaviour(
  { user, item }: Pick<ActionColumns, 'user' | 'item'>,
  itemCount: number,
  seed: number,
): BehaviourFactors {
  const userCount = user.reduce((most, one) => Math.max(most, one + 1), 0);
  const pairs = distinctPairs({ user, item }, userCount, itemCount);
  return factorise(pairs, BEHAVIOUR_OPTIONS, createRandom(`behaviour ${seed}`));
}
