import { degrees } from '#algorithms/pinsage/graph.ts';
import type { BandOptions, HardBand } from '#algorithms/pinsage/hard-band.ts';
import type { ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import {
  createHardNegatives,
  createNegativeSampler,
  type HardNegatives,
  hardNegativesInEpoch,
} from '#algorithms/pinsage/negatives.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { type ExampleBatch, epochBatches } from './batches.ts';
import type { Examples } from './prepare.ts';
import { createSubgraphBuilder, type Subgraph } from './subgraph.ts';
import type { TrainConfig } from './train-config.ts';

/** Everything that one step of the optimisation needs beside features and weights. */
export interface TrainingStep {
  /** From 1. */
  readonly epoch: number;
  /** Share of the epoch's examples that are done after this step, in (0, 1]. */
  readonly progress: number;
  readonly batch: ExampleBatch;
  /** Inputs numbered from the number of items on are the same items again, with their places hidden. */
  readonly subgraph: Subgraph;
}

/** Hard negatives kept per item: more than any training uses. */
const HARD_CANDIDATES = 32;
/** Longer and more walks than for neighbourhoods, so that they reach the band of hard negatives. */
const HARD_WALK = { steps: 400, restart: 0.2 };

/** The steps of all epochs, in order; deterministic under a seed. Throws RangeError if an option is out of range. */
export function* trainingSteps(
  { graph, neighbourhoods, pairs, hardBand }: Examples,
  config: TrainConfig,
): Iterable<TrainingStep> {
  const random = createRandom(config.seed);
  const hiding = random.fork('hidden places');
  const sampler = createNegativeSampler(degrees(graph.contextsOfItem), config.negativePower);
  const hard = hardBand && hardNegativesOf(graph, config, random.fork('hard'), hardBand);
  const subgraphs = createSubgraphBuilder(neighbourhoods);
  const examples = Math.min(config.examplesPerEpoch, pairs.query.length);
  for (let epoch = 1; epoch <= config.epochs; epoch++) {
    const hardPerQuery = hard === undefined ? 0 : hardNegativesInEpoch(epoch);
    const options = { batch: config.batch, examples, negatives: config.negatives, hardPerQuery };
    let done = 0;
    for (const batch of epochBatches(pairs, sampler, hard, options, random.fork(`epoch ${epoch}`))) {
      done += batch.query.length;
      const known = subgraphs.build(batch.targets, config.layers);
      // A later item has no place, so the model must not depend on places alone.
      const inputs = known.inputs.map((item) =>
        hiding.next() < config.hiddenPlaces ? item + graph.itemCount : item,
      );
      yield { epoch, progress: done / examples, batch, subgraph: { ...known, inputs } };
    }
  }
}

/** The configured band of hard negatives. */
export function bandOptions({ hardFromShare, hardToShare }: TrainConfig): BandOptions {
  return { ...HARD_WALK, fromShare: hardFromShare, toShare: hardToShare, size: HARD_CANDIDATES };
}

/**
 * The hard negatives of a training. Throws RangeError if the configured band is out of range.
 * @param band where walks do not reach the configured one
 */
export function hardNegativesOf(
  graph: ItemContextGraph,
  config: TrainConfig,
  random: Random,
  band?: Pick<HardBand, 'first' | 'steps'>,
): HardNegatives {
  return createHardNegatives(
    graph,
    { ...bandOptions(config), ...(band && { first: band.first, steps: band.steps }) },
    random,
  );
}
