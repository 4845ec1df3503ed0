import { type BehaviourFactors, type FactorOptions, factorise } from '#algorithms/behaviour/factors.ts';
import { distinctPairs } from '#algorithms/behaviour/sparse.ts';
import { CombinerRows } from '#algorithms/combiner/candidate-rows.ts';
import type { CombinerBase } from '#algorithms/combiner/candidates.ts';
import { liftsOf, type ScoredCandidates } from '#algorithms/combiner/lifts.ts';
import { fitListwise, scoresOf } from '#algorithms/combiner/listwise.ts';
import { type ItemGroups, itemTraits, TRAITS } from '#algorithms/combiner/traits.ts';
import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import { ndcg } from '#algorithms/evaluation/metrics.ts';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { COMBINER, combinerTables } from '#artefacts/combiner.ts';
import { trainBehaviour } from './behaviour.ts';
import {
  byTime,
  type JudgedGroup,
  lastingChoices,
  nextChoices,
  sample,
  windowAfter,
} from './combiner-choices.ts';
import type { Companion, CompanionInput, CompanionModel } from './companion.ts';

/**
 * The times whose choices the weights are learned from, as shares of all actions, the newest first. The candidates of a time know nothing of it
 * nor of what follows. One time says too little: the gain over behaviour in it lies within chance of none (decision 0080).
 */
const OUT_OF_TIME = [0.2, 0.2];
/** Users are ordered by the weights of the users of other folds, so that the weights judged come from nearly as many as those served. */
const FOLDS = 5;
/** Users by whose lists under-served items are found, drawn at random where there are more. */
const MOST_USERS = 3_000;
/** With fewer users who chose something, the figures are noise. */
const LEAST_USERS = 50;
const RIDGE = 1e-3;
/** An item is under-served if it stands in the first ten of nobody; it may be worth this much less than what it displaces, in log-odds. */
const LIFTS = { slots: 10, step: 0.05, most: 1 };

/** Rank-64 cosines of the items' takers, times takers^.5: what neighbourhoods of items know beside the factors of behaviour. */
const NEIGHBOURS: FactorOptions = { rank: 64, regularisation: 0, damping: 0.5, popularity: 0.5 };

/**
 * The combiner: an order of candidates learned from what users chose later. Factors are computed from the actions before a time, the weights
 * from the new items that users took in it, and the tables of the artefact from all actions by the same code. What is learned is the next
 * context of a user, by windows and traits as of its beginning, or (`combinerHorizon: 'lasting'`) all that a user took in the time, as of its beginning.
 * Items that would stand in the list of nobody get a lift, which the stage propose adds as far as its settings allow.
 *
 * Each fifth of the users is ordered by the weights of the others: the model is left out unless it is better than the factors of behaviour
 * alone in the 95 % interval, over users, of the paired differences.
 */
export const combinerCompanion: Companion = { model: COMBINER, train: trainCombiner };

/** @throws Error if fewer than 50 users chose a new item in the times that are looked at */
export function trainCombiner({
  actions,
  itemCount,
  groups = NO_GROUPS,
  seed,
  combinerHorizon = 'next',
  trained,
}: CombinerInput): CompanionModel {
  const random = createRandom(seed).fork('combiner');
  const choicesOf = combinerHorizon === 'next' ? nextChoices : lastingChoices;
  const given = { itemCount, groups, seed, regularisation: trained?.regularisation };
  const choices = outOfTime(actions).flatMap(({ before, after }) =>
    choicesOf(baseOf(before, given), { before, after, itemCount }, random),
  );
  const users = new Set(choices.map(({ user }) => user)).size;
  if (users < LEAST_USERS)
    throw new Error(`${users} users chose a new item; at least ${LEAST_USERS} are needed`);
  const judged = crossFit(choices, random);
  const facts = {
    users,
    lists: choices.length,
    ndcg10: judged.ndcg10,
    ndcg10OfBehaviour: judged.behaviour,
    gainLow: judged.gain.low,
    gainHigh: judged.gain.high,
  };
  const base = baseOf(actions, { ...given, behaviour: trained?.behaviour });
  const weights = fit(choices);
  const lifts = liftsOf(scoredUsers(base, weights, actions, random), itemCount, LIFTS);
  const tables = combinerTables({ ...base, weights, lifts });
  if (judged.gain.low > 0) return { tables, facts };
  return { tables, facts, leftOut: 'its gain over the factors of behaviour may be a loss' };
}

/** What the combiner learns from. */
export type CombinerInput = Pick<
  CompanionInput,
  'actions' | 'itemCount' | 'groups' | 'seed' | 'combinerHorizon'
> & {
  /** The factors of behaviour of the same actions; they are trained again where they are missing. */
  readonly trained?: Pick<CompanionInput['trained'], 'behaviour' | 'regularisation'>;
};

const NO_GROUPS: ItemGroups = { levels: 0, of: new Int32Array(0) };

/** What candidates are found and described by, from some actions. The first factors are those of behaviour, so that propose scans them once. */
function baseOf(
  actions: Pick<ActionColumns, 'user' | 'item' | 'at'>,
  given: {
    readonly itemCount: number;
    readonly groups: ItemGroups;
    readonly seed: number;
    readonly regularisation: number | undefined;
    readonly behaviour?: BehaviourFactors | undefined;
  },
): CombinerBase {
  const { itemCount, groups, seed, regularisation } = given;
  const behaviour = given.behaviour ?? trainBehaviour(actions, itemCount, seed, regularisation);
  const userCount = actions.user.reduce((most, one) => Math.max(most, one + 1), 0);
  const pairs = distinctPairs(actions, userCount, itemCount);
  const neighbours = factorise(pairs, NEIGHBOURS, createRandom(`combiner ${seed}`));
  return { factors: [behaviour, neighbours], groups, traits: itemTraits(actions, itemCount, groups) };
}

/** Splits the actions at the beginning of each time. */
function outOfTime(actions: ActionColumns): { before: ActionColumns; after: ActionColumns }[] {
  let known = actions;
  let share = 1;
  return OUT_OF_TIME.map((own) => {
    const split = splitByTime(known, own / share);
    known = split.before;
    share -= own;
    return split;
  });
}

/** The candidates of some users as they are at the end of the actions, with their scores. */
function scoredUsers(
  base: CombinerBase,
  weights: Float64Array,
  actions: ActionColumns,
  random: Random,
): ScoredCandidates[] {
  const rows = new CombinerRows(base);
  const positions = Map.groupBy(byTime(actions), (position) => actions.user[position]!);
  const isTaken = new Uint8Array(base.traits.length / TRAITS.length);
  return sample([...positions.keys()], MOST_USERS, random).map((user) => {
    const past = positions.get(user)!;
    for (const position of past) isTaken[actions.item[position]!] = 1;
    const candidates = rows.of(windowAfter(past, actions), isTaken.slice());
    for (const position of past) isTaken[actions.item[position]!] = 0;
    return { items: candidates.items, scores: scoresOf(candidates.rows, weights) };
  });
}

function fit(groups: readonly JudgedGroup[]): Float64Array {
  return fitListwise(groups, { width: groups[0]!.width, ridge: RIDGE });
}

/** Orders each fold of the users by the weights of the others, beside the order of the first factors. */
function crossFit(groups: readonly JudgedGroup[], random: Random) {
  const gains = new Map<number, number[]>();
  const figures = { ndcg10: 0, behaviour: 0 };
  for (let fold = 0; fold < FOLDS; fold++) {
    const weights = fit(groups.filter(({ user }) => user % FOLDS !== fold));
    const behaviour = weights.map((_, column) => (column === 0 ? 1 : 0));
    for (const group of groups.filter(({ user }) => user % FOLDS === fold)) {
      const learned = gainOf(group, weights);
      const known = gainOf(group, behaviour);
      gains.set(group.user, [...(gains.get(group.user) ?? []), learned - known]);
      figures.ndcg10 += learned / groups.length;
      figures.behaviour += known / groups.length;
    }
  }
  const ofUsers = Array.from(gains.values(), (own) => own.reduce((sum, one) => sum + one, 0) / own.length);
  return { ...figures, gain: bootstrapMean([ofUsers], random.fork('gain')) };
}

/** NDCG at 10; choices that are no candidates count as items that no order can find. */
function gainOf({ rows, chosen, choices }: JudgedGroup, weights: Float64Array): number {
  const scores = scoresOf(rows, weights);
  const recommended = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, 10);
  const relevant = new Set<number>(chosen);
  for (let missing = chosen.length; missing < choices; missing++) relevant.add(-1 - missing);
  return ndcg({ recommended, relevant }, 10);
}
