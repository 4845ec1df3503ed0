import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-node';
import { createRandom, type Random } from '#algorithms/random.ts';
import { ScheduledAdam } from '../optimiser.ts';
import { createItemSampler, type SampledItems } from '../sequence/sampled-items.ts';
import type { DayPairs, ItemPairs } from './day-pairs.ts';
import {
  createHybridVariables,
  type HybridVariables,
  hybridVariableLists,
  hybridVectors,
  type ItemPart,
  type PartTensors,
  projectPart,
} from './hybrid-graph.ts';

export interface HybridConfig {
  readonly dim: number;
  readonly hidden: number;
  /** Pairs a step, and the items that its softmax is taken over. */
  readonly batch: number;
  readonly negatives: number;
  readonly negativePower: number;
  /** τ by which cosines are divided. */
  readonly temperature: number;
  /** Steps of each stage: each part alone, the combination with the parts as they are, and all jointly. */
  readonly partSteps: number;
  readonly combinationSteps: number;
  readonly jointSteps: number;
  /** Whether the parts are trained alone first; otherwise all is trained jointly for as many steps. */
  readonly staged: boolean;
  readonly attention: boolean;
  readonly learningRate: number;
}

export const DEFAULT_HYBRID_CONFIG: HybridConfig = {
  dim: 100,
  hidden: 200,
  batch: 512,
  negatives: 512,
  negativePower: 0.75,
  temperature: 0.1,
  partSteps: 60,
  combinationSteps: 120,
  jointSteps: 120,
  staged: true,
  attention: true,
  learningRate: 0.003,
};

export interface HybridInput {
  readonly itemCount: number;
  readonly parts: readonly ItemPart[];
  readonly pairs: DayPairs;
  /** Actions of each item. */
  readonly popularity: ArrayLike<number>;
  readonly seed: number;
}

export interface TrainedHybrid {
  /** itemCount × dim, rows of length 1. */
  readonly vectors: Float32Array;
  /** Mean loss of the last steps of each stage. */
  readonly losses: readonly number[];
}

/** Steps over which the loss of a stage is averaged. */
const LAST_STEPS = 20;
/** The joint stage changes what was learned, with smaller steps. */
const JOINT_RATE = 0.5;

/**
 * Learns vectors of items from what is known of them: a siamese network, whose positives are two items that one user took on one day, by
 * a softmax over sampled items that is corrected by the log of their probability to be sampled. In stages: each part alone, then
 * attention and network over the parts as they are, then all jointly. The same seed gives the same vectors. Leaves no tensor behind.
 * @throws Error if no user took two items on one day, or the loss is not finite
 */
export async function trainHybrid(input: HybridInput, config: HybridConfig): Promise<TrainedHybrid> {
  const { itemCount, pairs, popularity, seed } = input;
  if (pairs.count === 0)
    throw new Error('no user took two items on one day: there are no pairs to learn from');
  const random = createRandom(`hybrid ${seed}`);
  const parts = input.parts.map((part) => partTensors(part, itemCount));
  const shape = { widths: input.parts.map(({ width }) => width), dim: config.dim, hidden: config.hidden };
  const variables = createHybridVariables(shape, random.fork('weights'));
  const lists = hybridVariableLists(variables);
  const all = [...lists.parts, ...lists.combination];
  const run = createStages(pairs, createItemSampler(popularity, config.negativePower), config, random);
  const whole = (items: tf.Tensor1D) => hybridVectors(variables, parts, items, config.attention);
  const losses: number[] = [];
  try {
    const { partSteps, combinationSteps, jointSteps } = config;
    if (config.staged) {
      for (const [part, { values }] of parts.entries()) {
        const projection = variables.projections[part]!;
        losses.push(
          await run(`part ${part}`, partSteps, 1, [projection], (items) =>
            projectPart(projection, tf.gather(values, items)),
          ),
        );
      }
      losses.push(await run('combination', combinationSteps, 1, lists.combination, whole));
      losses.push(await run('joint', jointSteps, JOINT_RATE, all, whole));
    } else {
      const steps = partSteps * parts.length + combinationSteps + jointSteps;
      losses.push(await run('joint', steps, 1, all, whole));
    }
    return { vectors: allVectors(variables, parts, config), losses };
  } finally {
    tf.dispose([...parts.flatMap(({ values, isKnown }) => [values, isKnown]), ...all]);
  }
}

function createStages(
  pairs: DayPairs,
  sample: (count: number, random: Random) => SampledItems,
  { batch, negatives, temperature, learningRate }: HybridConfig,
  random: Random,
) {
  /** A stage of training with a falling rate. @returns the mean loss of its last steps */
  return async (
    name: string,
    steps: number,
    rate: number,
    learned: tf.Variable[],
    vectorsOf: (items: tf.Tensor1D) => tf.Tensor2D,
  ): Promise<number> => {
    const optimiser = new ScheduledAdam();
    const draws = random.fork(name);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      optimiser.setLearningRate(rate * learningRate * (1 - step / steps));
      const drawn = pairs.draw(batch, draws);
      const sampled = sample(negatives, draws);
      const loss = optimiser.minimize(
        () => siameseLoss(vectorsOf, drawn, sampled, temperature),
        true,
        learned,
      );
      const value = loss === null ? Number.NaN : loss.dataSync()[0]!;
      loss?.dispose();
      if (!Number.isFinite(value)) throw new Error(`the loss is ${value} in the stage ${name}`);
      if (step >= steps - LAST_STEPS) sum += value / Math.min(steps, LAST_STEPS);
      await setImmediate();
    }
    optimiser.dispose();
    return sum;
  };
}

/** Cross-entropy of the right item among the sampled ones, by cosine to the left one; a right item that is sampled counts once. */
function siameseLoss(
  vectorsOf: (items: tf.Tensor1D) => tf.Tensor2D,
  { left, right }: ItemPairs,
  { items, logExpected }: SampledItems,
  temperature: number,
): tf.Scalar {
  const all = vectorsOf(tf.tensor1d([...left, ...right, ...items], 'int32'));
  const [lefts, rights, sampled] = tf.split(
    all,
    [left.length, right.length, items.length],
    0,
  ) as tf.Tensor2D[];
  const correction = (own: Int32Array) => tf.tensor1d(Float32Array.from(own, (item) => logExpected[item]!));
  const logits = tf.sub(tf.div(tf.matMul(lefts!, sampled!, false, true), temperature), correction(items));
  const own = tf.sub(tf.div(tf.sum(tf.mul(lefts!, rights!), 1), temperature), correction(right));
  // The left item is no alternative to its right one.
  const isLeft = tf.equal(
    tf.tensor2d(left, [left.length, 1], 'int32'),
    tf.tensor2d(items, [1, items.length], 'int32'),
  );
  const others = tf.logSumExp(tf.where(isLeft, tf.fill(isLeft.shape, -1e9), logits), 1);
  const among = new Set(items);
  const twice = tf.tensor1d(Float32Array.from(right, (item) => (among.has(item) ? 1 : 0)));
  const lead = tf.sub(others, own);
  return tf.mean(tf.where(tf.greater(twice, 0), lead, tf.softplus(lead)));
}

function partTensors({ width, values }: ItemPart, itemCount: number): PartTensors {
  const isKnown = Float32Array.from({ length: itemCount }, (_, item) =>
    values.subarray(item * width, (item + 1) * width).some((one) => one !== 0) ? 1 : 0,
  );
  return {
    values: tf.tensor2d(values, [itemCount, width]),
    isKnown: tf.tensor2d(isKnown, [itemCount, 1]),
  };
}

function allVectors(variables: HybridVariables, parts: readonly PartTensors[], { attention }: HybridConfig) {
  return tf.tidy(() => Float32Array.from(hybridVectors(variables, parts, undefined, attention).dataSync()));
}
