import { FactorScan } from '#algorithms/behaviour/factor-scan.ts';
import { type BehaviourFactors, type FactorOptions, factorise } from '#algorithms/behaviour/factors.ts';
import { distinctPairs } from '#algorithms/behaviour/sparse.ts';
import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import { createRandom } from '#algorithms/random.ts';
import {
  LEAST_JUDGED_USERS,
  listFigures,
  newItemsTask,
  popularityFigures,
} from '../training/new-items-judge.ts';
import type { TrainResult } from '../training/train.ts';
import type { TrainConfig } from '../training/train-config.ts';

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

/**
 * Judges the factors by those of the actions before the held-out time: NDCG@10 of the new items of users in that time, paired with
 * popularity. They must not be served where they find clearly fewer. The factors of the active generation may know that time, so that they
 * are no fair opponent. @returns nothing with too few users
 */
export function judgeBehaviour(
  actions: ActionColumns,
  itemCount: number,
  { heldOutShare, seed }: Pick<TrainConfig, 'heldOutShare' | 'seed'>,
): Pick<TrainResult, 'behaviourFacts' | 'behaviourLeftOut'> {
  const random = createRandom(seed).fork('behaviour judged');
  const { before, after } = splitByTime(actions, heldOutShare);
  const task = newItemsTask({ before, after }, itemCount, random.fork('users'));
  if (task.users.length < LEAST_JUDGED_USERS) return {};
  const scan = new FactorScan(trainBehaviour(before, itemCount, seed));
  const learned = listFigures(task, (recent, seen, length) => {
    const isSeen = new Uint8Array(itemCount);
    for (const item of seen) isSeen[item] = 1;
    return scan.scan(recent, length, isSeen).items;
  });
  const popular = popularityFigures(task);
  const gain = bootstrapMean([learned.map((figure, user) => figure - popular[user]!)], random.fork('gain'));
  const meanOf = (figures: Float64Array) => figures.reduce((sum, one) => sum + one, 0) / figures.length;
  const behaviourFacts = {
    users: task.users.length,
    newItemNdcg10: meanOf(learned),
    newItemNdcg10OfPopularity: meanOf(popular),
    gainLow: gain.low,
    gainHigh: gain.high,
  };
  if (!(gain.high < 0)) return { behaviourFacts };
  return { behaviourFacts, behaviourLeftOut: 'popularity finds more of the new items of users' };
}
