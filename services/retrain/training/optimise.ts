import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-node';
import type { PinSageWeights } from '#algorithms/pinsage/weights.ts';
import { TributaryError } from '#contracts/errors.ts';
import { type BatchFeeder, startBatchFeeder } from './batch-feeder.ts';
import { embedSubgraph } from './convolve.ts';
import { evaluateRetrieval, type RetrievalMetrics } from './evaluate.ts';
import { embedCatalogue } from './infer.ts';
import { batchLoss } from './loss.ts';
import { learningRateAt, ScheduledAdam } from './optimiser.ts';
import type { TrainingData } from './prepare.ts';
import type { TrainingStep } from './steps.ts';
import type { TrainConfig } from './train-config.ts';
import { createVariables, type PinSageVariables, readWeights, variableList } from './variables.ts';

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean loss of its steps. Later epochs have more hard negatives, so it may rise while the model improves. */
  readonly loss: number;
  readonly heldOut: RetrievalMetrics;
  /** Queries processed so far. */
  readonly examples: number;
}

export interface Optimised {
  /**
   * Weights of the epoch, or the warm start, with the best held-out NDCG; of the last epoch if nothing was held out.
   */
  readonly weights: PinSageWeights;
  readonly epochs: readonly EpochReport[];
  /** Held-out figures of a warm start before its first step. */
  readonly start: RetrievalMetrics | undefined;
}

/** Initial weights of the optimisation. */
export interface Start {
  readonly weights: PinSageWeights;
  /**
   * Whether another training learned the weights: then they may remain the best, and are changed with smaller steps.
   */
  readonly warm: boolean;
}

export interface PlacedFeatures {
  /** n × f. */
  readonly features: tf.Tensor2D;
  /** Number of leading columns that are the item's place in the graph. */
  readonly structure: number;
}

/**
 * Learns the weights: epochs of shuffled pairs, epoch n with n − 1 hard negatives per query if configured, until the
 * epochs or the time budget end or `patience` epochs brought no improvement. Batches are prepared in another thread.
 * Rejects with `training.failed` if the loss is not finite or batches cannot be prepared.
 */
export async function optimise(
  { weights: initial, warm }: Start,
  { features, structure }: PlacedFeatures,
  data: TrainingData,
  config: TrainConfig,
  onEpoch: (report: EpochReport) => void,
): Promise<Optimised> {
  const deadline = performance.now() + config.secondsBudget * 1000;
  const variables = createVariables(initial);
  const hidden = tf.tidy(() => withHiddenPlaces(features, structure));
  const stepper = createStepper(variables, hidden, warm ? gentler(config) : config);
  const feeder = startBatchFeeder(data, config);
  const epochs: EpochReport[] = [];
  const measure = () => {
    const { embeddings } = embedCatalogue(variables, features, data.neighbourhoods);
    return evaluateRetrieval(embeddings, config.dim, data.heldOut);
  };
  try {
    const start = warm ? measure() : undefined;
    let best = { epoch: 0, score: start?.ndcg ?? -1, weights: initial };
    for (let epoch = 1; epoch <= config.epochs && performance.now() < deadline; epoch++) {
      const { loss, examples } = await runEpoch(stepper, feeder, config, deadline);
      const heldOut = measure();
      const report = { epoch, loss, heldOut, examples: examples + (epochs.at(-1)?.examples ?? 0) };
      epochs.push(report);
      onEpoch(report);
      const score = heldOut.pairs === 0 ? epoch : heldOut.ndcg;
      if (score > best.score) best = { epoch, score, weights: readWeights(variables, initial) };
      if (epoch - best.epoch >= config.patience) break;
      // Lets a parent process receive the report before the next epoch blocks the thread.
      await setImmediate();
    }
    return { weights: best.weights, epochs, start };
  } finally {
    await feeder.end();
    stepper.dispose();
    hidden.dispose();
    tf.dispose(variableList(variables));
  }
}

function gentler(config: TrainConfig): TrainConfig {
  return { ...config, learningRate: config.learningRate * config.warmRateFactor };
}

/** Features of all items, then once more with their places hidden, as for new items: (2 n) × f. */
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

interface Stepper {
  /** One step of Adam; returns the loss before it. */
  step(step: TrainingStep): number;
  dispose(): void;
}

/** `features` are those of `withHiddenPlaces`. */
function createStepper(variables: PinSageVariables, features: tf.Tensor2D, config: TrainConfig): Stepper {
  const optimiser = new ScheduledAdam();
  const list = variableList(variables);
  const schedule = { learningRate: config.learningRate, decay: config.learningRateDecay };
  return {
    step: ({ epoch, progress, batch, subgraph }) => {
      optimiser.setLearningRate(learningRateAt(schedule, epoch, progress));
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

/** Runs the steps of one epoch, or the part of it before the deadline. */
async function runEpoch(
  stepper: Stepper,
  feeder: BatchFeeder,
  config: TrainConfig,
  deadline: number,
): Promise<{ loss: number; examples: number }> {
  let examples = 0;
  let weightedLoss = 0;
  let progress = 0;
  while (progress < 1 && (examples === 0 || performance.now() < deadline)) {
    const step = await feeder.next();
    const loss = stepper.step(step);
    progress = step.progress;
    examples += step.batch.query.length;
    if (!Number.isFinite(loss)) {
      throw new TributaryError(
        'training.failed',
        `The loss became ${loss} in epoch ${step.epoch} after ${examples} examples: lower the learning rate (${config.learningRate})`,
      );
    }
    weightedLoss += loss * step.batch.query.length;
  }
  return { loss: weightedLoss / examples, examples };
}
