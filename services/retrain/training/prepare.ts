import { agedWeights } from '#algorithms/pinsage/ageing.ts';
import { buildGraph } from '#algorithms/pinsage/graph.ts';
import { fitHardBand, type HardBand, LEAST_FULL_SHARE } from '#algorithms/pinsage/hard-band.ts';
import type { ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import {
  type ActionColumns,
  type PairColumns,
  positivePairs,
  splitByTime,
} from '#algorithms/pinsage/pairs.ts';
import { importanceNeighbourhoods, type Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import type { Random } from '#algorithms/random.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import { drawOrder } from './batches.ts';
import { type NewItemsTask, newItemsTask } from './new-items-judge.ts';
import { shared } from './shared.ts';
import { bandOptions } from './steps.ts';
import { graphOptions, type TrainConfig, walkOptions } from './train-config.ts';

const DAY_MS = 86_400_000;

/** The source of batches, in memory that threads share. */
export interface Examples {
  readonly graph: ItemContextGraph;
  readonly neighbourhoods: Neighbourhoods;
  readonly pairs: PairColumns;
  /** Undefined for a training without hard negatives. */
  readonly hardBand?: HardBand | undefined;
}

/** Whether a training had hard negatives, and why not. */
export interface HardNegativesUse {
  readonly used: boolean;
  /** Share of the queries whose walk reaches enough of them, 0 to 1; null where none were looked for. */
  readonly share: number | null;
  /** Why the training had none; null if it had them. */
  readonly reason: string | null;
}

/** Input of the optimisation. Only `heldOut` uses actions of the held-out time. */
export interface TrainingData extends Examples {
  /** The actions before the held-out time, from which everything except `heldOut` is computed. */
  readonly before: ActionColumns;
  readonly heldOut: PairColumns;
  readonly hardNegatives: HardNegativesUse;
  /** New items of users in the held-out time. */
  readonly newItems: NewItemsTask;
}

/** Splits the actions by time and derives graph, neighbourhoods and pairs. Rejects actions without pairs. */
export function prepareTraining(
  itemCount: number,
  actions: ActionColumns,
  config: TrainConfig,
  random: Random,
): TrainingData {
  const { before, after } = splitByTime(actions, config.heldOutShare);
  const graph = graphOf(itemCount, before, config);
  const pairs = pairsOf(before, config, random.fork('pairs'));
  if (pairs.query.length === 0) {
    throw new TributaryError(
      'training.failed',
      `${actions.item.length} actions on ${itemCount} items contain no training pairs: no user took two items in a row`,
    );
  }
  return {
    before,
    newItems: newItemsTask({ before, after }, itemCount, random.fork('new items')),
    ...shared({
      graph,
      neighbourhoods: importanceNeighbourhoods(graph, walkOptions(config), random.fork('walks')),
      pairs,
    }),
    ...hardNegativesFor(graph, pairs, config, random.fork('hard band')),
    heldOut: sampleOf(
      pairsOf(after, config, random.fork('held-out')),
      config.heldOutPairs,
      random.fork('measured'),
    ),
  };
}

/** Queries by whose walks the band of hard negatives is chosen, which takes at most a second. */
const BAND_QUERIES = 500;

/** @throws TributaryError `training.failed` if the configured band is out of range */
function fitBand(
  graph: ItemContextGraph,
  queries: Int32Array,
  config: TrainConfig,
  random: Random,
): HardBand {
  try {
    return fitHardBand(graph, queries, bandOptions(config), random);
  } catch (error) {
    const reason = `The batches cannot be prepared: ${reasonOf(error)}`;
    throw new TributaryError('training.failed', reason, { cause: error });
  }
}

/**
 * The band of hard negatives, if the training is to have them and nine of ten queries reach enough (decision 0073).
 * @throws TributaryError `training.failed` if they do not reach enough and the training is strict
 */
function hardNegativesFor(
  graph: ItemContextGraph,
  { query }: PairColumns,
  config: TrainConfig,
  random: Random,
): Pick<TrainingData, 'hardBand' | 'hardNegatives'> {
  const without = (share: number | null, reason: string) => ({
    hardNegatives: { used: false, share, reason },
  });
  if (config.hardNegatives === false) return without(null, 'the configuration has none');
  if (config.epochs < 2) return without(null, 'they begin in the second epoch');
  const chosen = drawOrder(query.length, BAND_QUERIES, random).map((pair) => query[pair]!);
  const band = fitBand(graph, chosen, config, random);
  const { fullShare, size } = band;
  if (fullShare >= LEAST_FULL_SHARE) {
    return { hardBand: band, hardNegatives: { used: true, share: fullShare, reason: null } };
  }
  const reason = `${(100 * fullShare).toFixed(0)} % of the queries reach ${size} items as hard negatives, and ${100 * LEAST_FULL_SHARE} % must: the log connects too few items`;
  if (config.hardNegatives !== 'strict') return without(fullShare, reason);
  throw new TributaryError(
    'training.failed',
    `${reason}. Set TRIBUTARY_RETRAIN_HARD_NEGATIVES=true to train without them`,
  );
}

/** Neighbourhoods in the graph of all actions, held-out time included: those that are published. */
export function wholeNeighbourhoods(
  itemCount: number,
  actions: ActionColumns,
  config: TrainConfig,
  random: Random,
): Neighbourhoods {
  const graph = graphOf(itemCount, actions, config);
  return importanceNeighbourhoods(graph, walkOptions(config), random.fork('walks'));
}

function graphOf(itemCount: number, actions: ActionColumns, config: TrainConfig): ItemContextGraph {
  const { item, context, weight, at } = actions;
  const aged = config.halfLifeDays === 0 ? weight : agedWeights(weight, at, config.halfLifeDays * DAY_MS);
  return buildGraph({ item, context, weight: aged }, { itemCount, ...graphOptions(config) });
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
