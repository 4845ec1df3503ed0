import { FactorScan } from '#algorithms/behaviour/factor-scan.ts';
import {
  type BehaviourFactors,
  decompose,
  type FactorOptions,
  factorise,
  factorsOf,
} from '#algorithms/behaviour/factors.ts';
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

/** Stronger regularisations, for a log that says little of each user (decision 0082). */
const STRONGER = [0.2, 0.3, 0.4];

/** Trains the factors of the users' behaviour on positive actions; each pair of user and item counts once. */
export function trainBehaviour(
  actions: Pick<ActionColumns, 'user' | 'item'>,
  itemCount: number,
  seed: number,
  regularisation = BEHAVIOUR_OPTIONS.regularisation,
): BehaviourFactors {
  return factorise(
    pairsOf(actions, itemCount),
    { ...BEHAVIOUR_OPTIONS, regularisation },
    createRandom(`behaviour ${seed}`),
  );
}

function pairsOf({ user, item }: Pick<ActionColumns, 'user' | 'item'>, itemCount: number) {
  const userCount = user.reduce((most, one) => Math.max(most, one + 1), 0);
  return distinctPairs({ user, item }, userCount, itemCount);
}

/** What the held-out time says of the factors. */
export interface JudgedBehaviour extends Pick<TrainResult, 'behaviourFacts' | 'behaviourLeftOut'> {
  readonly regularisation: number;
}

/**
 * Judges the factors by those of the actions before the held-out time: NDCG@10 of the new items of users in that time, paired with
 * popularity. They must not be served where they find clearly fewer. The factors of the active generation may know that time, so that they
 * are no fair opponent.
 *
 * A stronger regularisation is chosen where it finds more than the usual one in the 95 % interval of the paired differences, as in a log of a few weeks.
 * With too few users nothing is judged.
 */
export function judgeBehaviour(
  actions: ActionColumns,
  itemCount: number,
  { heldOutShare, seed }: Pick<TrainConfig, 'heldOutShare' | 'seed'>,
): JudgedBehaviour {
  const random = createRandom(seed).fork('behaviour judged');
  const { before, after } = splitByTime(actions, heldOutShare);
  const task = newItemsTask({ before, after }, itemCount, random.fork('users'));
  const usual = BEHAVIOUR_OPTIONS.regularisation;
  if (task.users.length < LEAST_JUDGED_USERS) return { regularisation: usual };
  const found = decompose(pairsOf(before, itemCount), BEHAVIOUR_OPTIONS, createRandom(`behaviour ${seed}`));
  const figuresBy = (regularisation: number) => {
    const scan = new FactorScan(factorsOf(found, { ...BEHAVIOUR_OPTIONS, regularisation }));
    return listFigures(task, (recent, seen, length) => {
      const isSeen = new Uint8Array(itemCount);
      for (const item of seen) isSeen[item] = 1;
      return scan.scan(recent, length, isSeen).items;
    });
  };
  const gainOf = (learned: Float64Array, other: Float64Array, name: string) =>
    bootstrapMean([learned.map((figure, user) => figure - other[user]!)], random.fork(name));
  const byUsual = figuresBy(usual);
  let chosen = { regularisation: usual, learned: byUsual };
  for (const regularisation of STRONGER) {
    const learned = figuresBy(regularisation);
    const isBetter = gainOf(learned, byUsual, `${regularisation}`).low > 0;
    if (isBetter && meanOf(learned) > meanOf(chosen.learned)) chosen = { regularisation, learned };
  }
  const { regularisation, learned } = chosen;
  const popular = popularityFigures(task);
  const gain = gainOf(learned, popular, 'gain');
  const behaviourFacts = {
    users: task.users.length,
    regularisation,
    newItemNdcg10: meanOf(learned),
    newItemNdcg10OfPopularity: meanOf(popular),
    gainLow: gain.low,
    gainHigh: gain.high,
  };
  if (!(gain.high < 0)) return { regularisation, behaviourFacts };
  const behaviourLeftOut = 'popularity finds more of the new items of users';
  return { regularisation, behaviourFacts, behaviourLeftOut };
}

function meanOf(figures: Float64Array): number {
  return figures.reduce((sum, one) => sum + one, 0) / figures.length;
}
