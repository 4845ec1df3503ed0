import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-node';
import type { PinSageWeights } from '#algorithms/pinsage/weights.ts';
import { TributaryError } from '#contracts/errors.ts';
import { FALLBACK_ALPHA } from './alpha.ts';
import { type BatchFeeder, startBatchFeeder } from './batch-feeder.ts';
import { embedSubgraph } from './convolve.ts';
import { evaluateRetrieval, type RetrievalMetrics } from './evaluate.ts';
import { embedCatalogue } from './infer.ts';
import { batchLoss } from './loss.ts';
import { LEAST_JUDGED_USERS, newItemFigures } from './new-items-judge.ts';
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
  /** Mean NDCG@10 of the new items of users as they are served; undefined with too few users. */
  readonly newItemNdcg10: number | undefined;
  /** Queries processed so far. */
  readonly examples: number;
}

export interface Optimised {
  /**
   * Weights of the epoch, or the warm start, with the best NDCG@10 of new items; with too few users, with the best NDCG of the held-out pairs; of the
   * last epoch if nothing was held out.
   */
  readonly weights: PinSageWeights;
  readonly epochs: readonly EpochReport[];
  /** Held-out figures of a warm start before its first step. */
  readonly start: RetrievalMetrics | undefined;
  /** NDCG@10 of the new items of each judged user, by the best weights and by a warm start; undefined with too few users. */
  readonly newItems: NewItemsJudged | undefined;
}

export interface NewItemsJudged {
  readonly learned: Float64Array;
  readonly warmStart: Float64Array | undefined;
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
    const isJudged = data.newItems.users.length >= LEAST_JUDGED_USERS;
    return {
      heldOut: evaluateRetrieval(embeddings, config.dim, data.heldOut),
      newItems: isJudged ? newItemFigures(data.newItems, embeddings, config.dim, FALLBACK_ALPHA) : undefined,
    };
  };
  try {
    const start = warm ? measure() : undefined;
    let best = { epoch: 0, score: scoreOf(start) ?? -1, weights: initial, newItems: start?.newItems };
    for (let epoch = 1; epoch <= config.epochs && performance.now() < deadline; epoch++) {
      const { loss, examples } = await runEpoch(stepper, feeder, config, deadline);
      const { heldOut, newItems } = measure();
      const newItemNdcg10 = newItems && meanOf(newItems);
      const report = {
        ...{ epoch, loss, heldOut, newItemNdcg10 },
        examples: examples + (epochs.at(-1)?.examples ?? 0),
      };
      epochs.push(report);
      onEpoch(report);
      const score = scoreOf({ heldOut, newItems }) ?? epoch;
      if (score > best.score) best = { epoch, score, weights: readWeights(variables, initial), newItems };
      if (epoch - best.epoch >= config.patience) break;
      // Lets a parent process receive the report before the next epoch blocks the thread.
      await setImmediate();
    }
    const judged = best.newItems && { learned: best.newItems, warmStart: start?.newItems };
    return { weights: best.weights, epochs, start: start?.heldOut, newItems: judged };
  } finally {
    await feeder.end();
    stepper.dispose();
    hidden.dispose();
    tf.dispose(variableList(variables));
  }
}

/** What the best weights are chosen by; undefined if nothing was held out. */
function scoreOf(
  measured: { readonly heldOut: RetrievalMetrics; readonly newItems: Float64Array | undefined } | undefined,
): number | undefined {
  if (measured?.newItems !== undefined) return meanOf(measured.newItems);
  return measured === undefined || measured.heldOut.pairs === 0 ? undefined : measured.heldOut.ndcg;
}

function meanOf(figures: Float64Array): number {
  return figures.reduce((sum, one) => sum + one, 0) / figures.length;
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
