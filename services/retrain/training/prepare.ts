import { buildGraph, degrees, type GraphOptions } from '#algorithms/pinsage/graph.ts';
import {
  createNegativeSampler,
  type HardNegatives,
  hardNegatives,
  type NegativeSampler,
} from '#algorithms/pinsage/negatives.ts';
import {
  type ActionColumns,
  type PairColumns,
  positivePairs,
  splitByTime,
} from '#algorithms/pinsage/pairs.ts';
import { importanceNeighbourhoods, type Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import type { Random } from '#algorithms/random.ts';
import { TributaryError } from '#platform/errors.ts';
import { drawOrder } from './batches.ts';
import type { TrainConfig } from './train-config.ts';

const DAY_MS = 86_400_000;
/** Hard negatives kept an item: enough that no epoch meets all of them. */
const HARD_CANDIDATES = 32;
/** Longer and farther than the walks of neighbourhoods, so that they reach the band of hard negatives. */
const HARD_WALK = { steps: 400, restart: 0.2 };

/** What the optimisation reads. Nothing in it stems from the held-out time but `heldOut`. */
export interface TrainingData {
  /** The actions before the held-out time, which alone give everything here but `heldOut`. */
  readonly before: ActionColumns;
  readonly neighbourhoods: Neighbourhoods;
  readonly pairs: PairColumns;
  readonly heldOut: PairColumns;
  readonly sampler: NegativeSampler;
  /** Walked at the first call: a training of one epoch needs none. */
  hard(): HardNegatives;
}

/** Splits the actions by time and derives graph, pairs and negatives. Rejects actions that give no pairs. */
export function prepareTraining(
  itemCount: number,
  actions: ActionColumns,
  config: TrainConfig,
  random: Random,
): TrainingData {
  const { before, after } = splitByTime(actions, config.heldOutShare);
  const graph = buildGraph(before, graphOptions(itemCount, config));
  const pairs = pairsOf(before, config, random.fork('pairs'));
  if (pairs.query.length === 0) {
    throw new TributaryError(
      'training.failed',
      `${actions.item.length} actions on ${itemCount} items give no training pairs: no user took two items in a row`,
    );
  }
  let hard: HardNegatives | undefined;
  return {
    before,
    neighbourhoods: importanceNeighbourhoods(graph, walkOptions(config), random.fork('walks')),
    pairs,
    heldOut: sampleOf(
      pairsOf(after, config, random.fork('held-out')),
      config.heldOutPairs,
      random.fork('measured'),
    ),
    sampler: createNegativeSampler(degrees(graph.contextsOfItem), config.negativePower),
    hard: () => {
      const band = { fromShare: config.hardFromShare, toShare: config.hardToShare };
      hard ??= hardNegatives(graph, { ...HARD_WALK, ...band, size: HARD_CANDIDATES }, random.fork('hard'));
      return hard;
    },
  };
}

/** Neighbourhoods in the graph of all actions, held-out time included: those that are published. */
export function wholeNeighbourhoods(
  itemCount: number,
  actions: ActionColumns,
  config: TrainConfig,
  random: Random,
): Neighbourhoods {
  const graph = buildGraph(actions, graphOptions(itemCount, config));
  return importanceNeighbourhoods(graph, walkOptions(config), random.fork('walks'));
}

function graphOptions(itemCount: number, { maximumDegree, hubDamping }: TrainConfig): GraphOptions {
  return { itemCount, maximumDegree, hubDamping };
}

function walkOptions({ neighbours, walkSteps, walkRestart }: TrainConfig) {
  return { size: neighbours, steps: walkSteps, restart: walkRestart };
}

function pairsOf(actions: ActionColumns, config: TrainConfig, random: Random): PairColumns {
  const options = { withinMs: config.pairsWithinDays * DAY_MS, pairsPerAction: config.pairsPerAction };
  return positivePairs(actions, options, random);
}

function sampleOf({ query, positive, at }: PairColumns, count: number, random: Random): PairColumns {
  const chosen = drawOrder(query.length, count, random).sort();
  return {
    query: chosen.map((p) => query[p]!),
    positive: chosen.map((p) => positive[p]!),
    at: Float64Array.from(chosen, (p) => at[p]!),
  };
}
