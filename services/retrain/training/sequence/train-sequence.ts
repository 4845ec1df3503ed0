import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-node';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import type { SequenceNetworkKind } from '#algorithms/sequence/network.ts';
import type { SequenceModel } from '#artefacts/sequence.ts';
import { drawOrder } from '../batches.ts';
import { learningRateAt, ScheduledAdam } from '../optimiser.ts';
import { readAttention } from './attention-graph.ts';
import { readGru } from './gru-graph.ts';
import { measureNextItems, type NextItemFigures } from './next-items.ts';
import { numbersOf } from './random-matrices.ts';
import { createItemSampler } from './sampled-items.ts';
import {
  createSequenceVariables,
  itemVectors,
  type SequenceVariables,
  sequenceVariableList,
} from './sequence-graph.ts';
import { sequenceLoss } from './sequence-loss.ts';
import { type SequenceWindows, sequenceWindows } from './windows.ts';

export interface SequenceConfig {
  /** The network that reads the items. */
  readonly network: SequenceNetworkKind;
  /** Heads of self-attention, a divisor of `dim`. */
  readonly heads: number;
  readonly dim: number;
  readonly lookBack: number;
  readonly horizon: number;
  readonly horizonDecay: number;
  readonly dropout: number;
  /** Windows a step. */
  readonly batch: number;
  /** Sampled items that a batch shares, and the power of popularity by which they are drawn. */
  readonly negatives: number;
  readonly negativePower: number;
  readonly epochs: number;
  /** Fewer where the windows are fewer than a step; a small log is passed several times an epoch. */
  readonly stepsPerEpoch: number;
  readonly learningRate: number;
  /** Factor from one epoch to the next. */
  readonly learningRateDecay: number;
  /** Share of the newest actions by which the model is measured before it learns from them too. */
  readonly heldOutShare: number;
  /** Held-out steps that are measured at most. */
  readonly heldOutSteps: number;
  /** The epochs end after this time. */
  readonly secondsBudget: number;
}

export const DEFAULT_SEQUENCE_CONFIG: SequenceConfig = {
  network: 'gru',
  heads: 2,
  dim: 64,
  lookBack: 15,
  horizon: 5,
  horizonDecay: 1,
  dropout: 0.2,
  batch: 256,
  negatives: 512,
  negativePower: 0.75,
  epochs: 6,
  stepsPerEpoch: 64,
  learningRate: 0.004,
  learningRateDecay: 0.8,
  heldOutShare: 0.1,
  heldOutSteps: 1_000,
  secondsBudget: 100,
};

export interface SequenceInput {
  readonly itemCount: number;
  /** itemCount × width; undefined where nothing is known of the items. */
  readonly features: { readonly width: number; readonly values: Float32Array } | undefined;
  readonly actions: ActionColumns;
  readonly seed: number;
}

export interface TrainedSequence {
  readonly model: SequenceModel;
  readonly lossByEpoch: readonly number[];
  /** The next new item in the held-out time, before the model learned from that time. */
  readonly heldOut: NextItemFigures;
}

/**
 * Learns a network over the items of each user, a gated recurrent unit or self-attention: it reads up to `lookBack` items and predicts the next `horizon` ones that
 * the user has not taken before. It is measured on the newest actions, and then learns from them for one epoch more. The same
 * seed gives the same model unless the seconds end first. Leaves no tensor behind. It blocks its thread for a step at a time.
 * @throws Error if no user took two items, or the loss is not finite
 */
export async function trainSequence(input: SequenceInput, config: SequenceConfig): Promise<TrainedSequence> {
  const { itemCount, actions, features, seed } = input;
  const random = createRandom(`sequence ${seed}`);
  const { before } = splitByTime(actions, config.heldOutShare);
  const windows = sequenceWindows(before, itemCount, config, random.fork('before'));
  const all = sequenceWindows(actions, itemCount, config, random.fork('all'));
  if (all.count === 0) throw new Error('no user took two items: there are no sequences to learn from');
  const popularity = new Int32Array(itemCount);
  for (const item of before.item) popularity[item]!++;
  const shape = { ...config, itemCount, features: features?.width ?? 0 };
  const variables = createSequenceVariables(shape, popularity, random.fork('weights'));
  const known = features && tf.tensor2d(features.values, [itemCount, features.width]);
  const learner = createLearner(variables, known, popularity, config, random);
  const deadline = performance.now() + config.secondsBudget * 1_000;
  const lossByEpoch: number[] = [];
  try {
    for (let epoch = 1; epoch <= config.epochs && windows.count > 0; epoch++) {
      lossByEpoch.push(await learner.run(windows, epoch, deadline));
      if (performance.now() >= deadline) break;
    }
    const heldOut = measureNextItems(readSequence(variables, known), actions, itemCount, {
      ...config,
      random: random.fork('held-out'),
      since: before.at.reduce((newest, time) => Math.max(newest, time), 0),
    });
    lossByEpoch.push(await learner.run(all, config.epochs + 1, deadline + config.secondsBudget * 200));
    return { model: readSequence(variables, known), lossByEpoch, heldOut };
  } finally {
    learner.dispose();
    known?.dispose();
    tf.dispose(sequenceVariableList(variables));
  }
}

function createLearner(
  variables: SequenceVariables,
  features: tf.Tensor2D | undefined,
  popularity: Int32Array,
  config: SequenceConfig,
  random: Random,
) {
  const optimiser = new ScheduledAdam();
  const list = sequenceVariableList(variables);
  const sample = createItemSampler(popularity, config.negativePower);
  const schedule = { learningRate: config.learningRate, decay: config.learningRateDecay };
  /** One epoch, or the part of it before the deadline, but at least a step. @returns the mean loss */
  async function run(windows: SequenceWindows, epoch: number, deadline: number): Promise<number> {
    const draws = random.fork(`epoch ${epoch}`);
    let order: Int32Array = new Int32Array(0);
    let sum = 0;
    let steps = 0;
    while (steps < config.stepsPerEpoch && (steps === 0 || performance.now() < deadline)) {
      if (order.length === 0) order = drawOrder(windows.count, windows.count, draws);
      const batch = pick(windows, order.subarray(0, config.batch));
      order = order.subarray(config.batch);
      optimiser.setLearningRate(learningRateAt(schedule, epoch, (steps + 1) / config.stepsPerEpoch));
      const sampled = sample(config.negatives, draws);
      const options = { ...config, seed: draws.integer(2 ** 31) };
      const loss = optimiser.minimize(
        () => sequenceLoss(variables, features, batch, sampled, options),
        true,
        list,
      );
      const value = loss === null ? Number.NaN : loss.dataSync()[0]!;
      loss?.dispose();
      if (!Number.isFinite(value)) throw new Error(`the loss is ${value} in epoch ${epoch}`);
      sum += value;
      steps += 1;
      await setImmediate();
    }
    return sum / Math.max(1, steps);
  }
  return { run, dispose: () => optimiser.dispose() };
}

function pick({ items, isNew, length }: SequenceWindows, chosen: Int32Array) {
  const rows = Array.from(chosen, (window) => window * length);
  const batch = {
    items: new Int32Array(rows.length * length),
    isNew: new Uint8Array(rows.length * length),
    length,
  };
  rows.forEach((start, row) => {
    batch.items.set(items.subarray(start, start + length), row * length);
    batch.isNew.set(isNew.subarray(start, start + length), row * length);
  });
  return batch;
}

/** The weights in typed arrays. */
export function readSequence(variables: SequenceVariables, features: tf.Tensor2D | undefined): SequenceModel {
  const { own, offset, network } = variables;
  const vectors = tf.tidy(() =>
    numbersOf(itemVectors(variables, features, tf.range(0, own.shape[0], 1, 'int32') as tf.Tensor1D)),
  );
  return {
    network: network.kind === 'gru' ? readGru(network) : readAttention(network),
    vectors,
    offsets: numbersOf(offset),
  };
}
