import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-node';
import { hardNegativesInEpoch } from '#algorithms/pinsage/negatives.ts';
import type { PinSageWeights } from '#algorithms/pinsage/weights.ts';
import type { Random } from '#algorithms/random.ts';
import { TributaryError } from '#platform/errors.ts';
import { type ExampleBatch, epochBatches } from './batches.ts';
import { embedSubgraph } from './convolve.ts';
import { evaluateRetrieval, type RetrievalMetrics } from './evaluate.ts';
import { embedCatalogue } from './infer.ts';
import { batchLoss } from './loss.ts';
import { learningRateAt, ScheduledAdam } from './optimiser.ts';
import type { TrainingData } from './prepare.ts';
import { createSubgraphBuilder } from './subgraph.ts';
import type { TrainConfig } from './train-config.ts';
import { createVariables, type PinSageVariables, readWeights, variableList } from './variables.ts';

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean loss of its steps. Later epochs have more hard negatives, so that it may rise while the model gets better. */
  readonly loss: number;
  readonly heldOut: RetrievalMetrics;
  /** Queries seen so far. */
  readonly examples: number;
}

export interface Optimised {
  /** Of the epoch with the best held-out NDCG; of the last where nothing was held out. */
  readonly weights: PinSageWeights;
  readonly epochs: readonly EpochReport[];
}

export interface PlacedFeatures {
  /** n × f. */
  readonly features: tf.Tensor2D;
  /** Leading columns that say where the item lies in the graph. */
  readonly structure: number;
}

/**
 * Learns the weights: epochs of shuffled pairs, an epoch n with n − 1 hard negatives a query where asked, until the epochs or the
 * seconds budget end or `patience` epochs brought nothing. Throws `training.failed` where the loss is not finite.
 */
export async function optimise(
  initial: PinSageWeights,
  { features, structure }: PlacedFeatures,
  data: TrainingData,
  config: TrainConfig,
  random: Random,
  onEpoch: (report: EpochReport) => void,
): Promise<Optimised> {
  const deadline = performance.now() + config.secondsBudget * 1000;
  const variables = createVariables(initial);
  const hidden = tf.tidy(() => withHiddenPlaces(features, structure));
  const stepper = createStepper(variables, hidden, data, config, random.fork('hidden places'));
  const epochs: EpochReport[] = [];
  let best = { epoch: 0, score: -1, weights: initial };
  try {
    for (let epoch = 1; epoch <= config.epochs && performance.now() < deadline; epoch++) {
      const { loss, examples } = runEpoch(
        stepper,
        data,
        config,
        epoch,
        random.fork(`epoch ${epoch}`),
        deadline,
      );
      const { embeddings } = embedCatalogue(variables, features, data.neighbourhoods);
      const heldOut = evaluateRetrieval(embeddings, config.dim, data.heldOut);
      const report = { epoch, loss, heldOut, examples: examples + (epochs.at(-1)?.examples ?? 0) };
      epochs.push(report);
      onEpoch(report);
      const score = heldOut.pairs === 0 ? epoch : heldOut.ndcg;
      if (score > best.score) best = { epoch, score, weights: readWeights(variables, initial) };
      if (epoch - best.epoch >= config.patience) break;
      // Lets a parent process receive the report before the next epoch blocks the thread.
      await setImmediate();
    }
    return { weights: best.weights, epochs };
  } finally {
    stepper.dispose();
    hidden.dispose();
    tf.dispose(variableList(variables));
  }
}

interface Stepper {
  /** One step of Adam; returns the loss before it. */
  step(batch: ExampleBatch, learningRate: number): number;
  dispose(): void;
}

/** Features of all items, then once more as of items that nobody took: (2 n) × f. */
function withHiddenPlaces(features: tf.Tensor2D, structure: number): tf.Tensor2D {
  const [itemCount, width] = features.shape;
  const content = tf.slice2d(features, [0, structure], [itemCount, width - structure]);
  return tf.concat2d(
    [
      features,
      tf.pad2d(content, [
        [0, 0],
        [structure, 0],
      ]),
    ],
    0,
  );
}

/** `features` are those of `withHiddenPlaces`. */
function createStepper(
  variables: PinSageVariables,
  features: tf.Tensor2D,
  data: TrainingData,
  config: TrainConfig,
  random: Random,
): Stepper {
  const itemCount = features.shape[0] / 2;
  const optimiser = new ScheduledAdam();
  const subgraphs = createSubgraphBuilder(data.neighbourhoods);
  const list = variableList(variables);
  return {
    step: (batch, learningRate) => {
      const known = subgraphs.build(batch.targets, config.layers);
      // An item that comes later has no place, so that the model must not lean on it alone.
      const inputs = known.inputs.map((item) =>
        random.next() < config.hiddenPlaces ? item + itemCount : item,
      );
      const subgraph = { ...known, inputs };
      optimiser.setLearningRate(learningRate);
      const loss = optimiser.minimize(
        () => batchLoss(embedSubgraph(variables, features, subgraph), batch, config),
        true,
        list,
      );
      const value = loss === null ? Number.NaN : loss.dataSync()[0]!;
      loss?.dispose();
      return value;
    },
    dispose: () => optimiser.dispose(),
  };
}

function runEpoch(
  stepper: Stepper,
  data: TrainingData,
  config: TrainConfig,
  epoch: number,
  random: Random,
  deadline: number,
): { loss: number; examples: number } {
  const hardPerQuery = config.hardNegatives ? hardNegativesInEpoch(epoch) : 0;
  const planned = Math.min(config.examplesPerEpoch, data.pairs.query.length);
  const hard = hardPerQuery > 0 ? data.hard() : undefined;
  const options = { batch: config.batch, examples: planned, negatives: config.negatives, hardPerQuery };
  const schedule = { learningRate: config.learningRate, decay: config.learningRateDecay };
  let examples = 0;
  let weightedLoss = 0;
  for (const batch of epochBatches(data.pairs, data.sampler, hard, options, random)) {
    examples += batch.query.length;
    const loss = stepper.step(batch, learningRateAt(schedule, epoch, examples / planned));
    if (!Number.isFinite(loss)) {
      throw new TributaryError(
        'training.failed',
        `The loss became ${loss} in epoch ${epoch} after ${examples} examples: lower the learning rate (${config.learningRate})`,
      );
    }
    weightedLoss += loss * batch.query.length;
    if (performance.now() >= deadline) break;
  }
  return { loss: weightedLoss / examples, examples };
}
