import * as tf from '@tensorflow/tfjs-node';
import type { Random } from '#algorithms/random.ts';

/** Widths of the model. */
export interface SequenceShape {
  readonly itemCount: number;
  /** Numbers known of each item before the training; 0 for none. */
  readonly features: number;
  /** Length of the items' vectors and of the state. */
  readonly dim: number;
}

/** What is learned. The vector of an item, as input and as candidate alike, is features · project + own. */
export interface SequenceVariables {
  /** features × dim; undefined without features. */
  readonly project: tf.Variable<tf.Rank.R2> | undefined;
  /** itemCount × dim. */
  readonly own: tf.Variable<tf.Rank.R2>;
  /** itemCount × 1: how probable an item is whatever came before it. */
  readonly offset: tf.Variable<tf.Rank.R2>;
  /** dim × 3 dim, and so on: see `GruWeights`. */
  readonly input: tf.Variable<tf.Rank.R2>;
  readonly recurrent: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  readonly resetBias: tf.Variable<tf.Rank.R1>;
}

/** @param popularity actions of each item, from which the offsets start */
export function createSequenceVariables(
  { itemCount, features, dim }: SequenceShape,
  popularity: ArrayLike<number>,
  random: Random,
): SequenceVariables {
  const matrix = (rows: number, columns: number, scale: number) =>
    tf.variable(
      tf.tensor2d(
        Float32Array.from({ length: rows * columns }, () => scale * random.normal()),
        [rows, columns],
      ),
    );
  const total = itemCount + Array.from(popularity).reduce((sum, one) => sum + one, 0);
  const offsets = Float32Array.from(popularity, (count) => Math.log(((count + 1) * itemCount) / total));
  // The initial values are tensors of their own, which the variables outlive.
  return tf.tidy(() => ({
    project: features === 0 ? undefined : matrix(features, dim, 1 / Math.sqrt(features)),
    own: matrix(itemCount, dim, features === 0 ? 1 / Math.sqrt(dim) : 0.1 / Math.sqrt(dim)),
    offset: tf.variable(tf.tensor2d(offsets, [itemCount, 1])),
    input: matrix(dim, 3 * dim, 1 / Math.sqrt(dim)),
    recurrent: matrix(dim, 3 * dim, 1 / Math.sqrt(dim)),
    bias: tf.variable(tf.zeros<tf.Rank.R1>([3 * dim])),
    resetBias: tf.variable(tf.zeros<tf.Rank.R1>([dim])),
  })) as unknown as SequenceVariables;
}

export function sequenceVariableList(variables: SequenceVariables): tf.Variable[] {
  const { project, ...others } = variables;
  return project === undefined ? Object.values(others) : [project, ...Object.values(others)];
}

/** Vectors of items, by number; n × dim. @param features itemCount × f, or undefined as `project` is */
export function itemVectors(
  { project, own }: SequenceVariables,
  features: tf.Tensor2D | undefined,
  items: tf.Tensor1D,
): tf.Tensor2D {
  const vectors = tf.gather(own, items);
  if (project === undefined || features === undefined) return vectors;
  return tf.add(vectors, tf.matMul(tf.gather(features, items), project));
}

/**
 * The states of a batch of sequences after each of their items, from the state 0.
 * @param inputs batch × steps × dim, row-major as (batch · steps) × dim
 * @returns by step, batch × dim
 */
export function sequenceStates(
  { input, recurrent, bias, resetBias }: SequenceVariables,
  inputs: tf.Tensor2D,
  steps: number,
): tf.Tensor2D[] {
  const [rows, dim] = inputs.shape;
  const batch = rows / steps;
  const gates = tf.reshape(tf.add(tf.matMul(inputs, input), bias), [batch, steps, 3 * dim]);
  const byStep = tf.unstack(gates, 1) as tf.Tensor2D[];
  const states: tf.Tensor2D[] = [];
  let state: tf.Tensor2D = tf.zeros([batch, dim]);
  for (const own of byStep) {
    const fromState = tf.matMul(state, recurrent);
    const [updates, resets, candidates] = tf.split(own, 3, 1);
    const [updatesFrom, resetsFrom, candidatesFrom] = tf.split(fromState, 3, 1);
    const update = tf.sigmoid(tf.add(updates!, updatesFrom!));
    const reset = tf.sigmoid(tf.add(resets!, resetsFrom!));
    const candidate = tf.tanh(tf.add(candidates!, tf.mul(reset, tf.add(candidatesFrom!, resetBias))));
    state = tf.add(candidate, tf.mul(update, tf.sub(state, candidate)));
    states.push(state);
  }
  return states;
}
