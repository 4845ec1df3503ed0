import * as tf from '@tensorflow/tfjs-node';
import { NORM_EPSILON } from '#algorithms/sequence/attention.ts';
import type { SequenceNetwork } from '#algorithms/sequence/network.ts';
import { numbersOf, type RandomMatrix } from './random-matrices.ts';

/** What is learned of a block of self-attention, in the shapes of `AttentionWeights`. */
export interface AttentionVariables {
  readonly kind: 'attention';
  readonly heads: number;
  readonly positions: tf.Variable<tf.Rank.R2>;
  readonly projections: tf.Variable<tf.Rank.R2>;
  readonly output: tf.Variable<tf.Rank.R2>;
  readonly inner: tf.Variable<tf.Rank.R2>;
  readonly innerBias: tf.Variable<tf.Rank.R1>;
  readonly outer: tf.Variable<tf.Rank.R2>;
  readonly outerBias: tf.Variable<tf.Rank.R1>;
  readonly norms: tf.Variable<tf.Rank.R2>;
}

export interface AttentionShape {
  readonly dim: number;
  /** Places, each with a position that is learned. */
  readonly lookBack: number;
  /** A divisor of `dim`. */
  readonly heads: number;
}

/** Logit of a place that comes later: its share is 0. */
const NEVER = -1e9;

/** @throws RangeError unless `heads` divides `dim` */
export function createAttentionVariables(
  { dim, lookBack, heads }: AttentionShape,
  matrix: RandomMatrix,
): AttentionVariables {
  if (!Number.isInteger(heads) || heads < 1 || dim % heads !== 0)
    throw new RangeError(`${heads} heads do not divide ${dim} numbers`);
  const zeros = () => tf.variable(tf.zeros<tf.Rank.R1>([dim])) as tf.Variable<tf.Rank.R1>;
  const norms = Float32Array.from({ length: 6 * dim }, (_, i) => (Math.floor(i / dim) % 2 === 0 ? 1 : 0));
  return {
    kind: 'attention',
    heads,
    positions: matrix(lookBack, dim, 0.1 / Math.sqrt(dim)),
    projections: matrix(dim, 3 * dim, 1 / Math.sqrt(dim)),
    // Normalised inputs have length √dim, and the vectors to which these outputs are added about 1.
    output: matrix(dim, dim, 1 / dim),
    inner: matrix(dim, dim, 1 / Math.sqrt(dim)),
    innerBias: zeros(),
    outer: matrix(dim, dim, 1 / dim),
    outerBias: zeros(),
    norms: tf.variable(tf.tensor2d(norms, [6, dim])) as tf.Variable<tf.Rank.R2>,
  };
}

/** As `sequenceStates` says; each place attends to itself and to those before it. */
export function attentionStates(
  variables: AttentionVariables,
  inputs: tf.Tensor2D,
  steps: number,
): tf.Tensor2D[] {
  const { positions, output, inner, innerBias, outer, outerBias } = variables;
  const [rows, dim] = inputs.shape;
  const batch = rows / steps;
  const known = tf.slice2d(positions, [0, 0], [steps, dim]);
  const placed = tf.reshape(tf.add(tf.reshape(inputs, [batch, steps, dim]), known), [
    rows,
    dim,
  ]) as tf.Tensor2D;
  const read = attend(variables, normalise(variables, 0, placed), { batch, steps, dim });
  const attended = tf.add(placed, tf.matMul(read, output)) as tf.Tensor2D;
  const hidden = tf.relu(
    tf.add(tf.matMul(normalise(variables, 1, attended), inner), innerBias),
  ) as tf.Tensor2D;
  const changed = tf.add(attended, tf.add(tf.matMul(hidden, outer), outerBias)) as tf.Tensor2D;
  const states = tf.reshape(normalise(variables, 2, changed), [batch, steps, dim]);
  return tf.unstack(states, 1) as tf.Tensor2D[];
}

/** (batch · steps) × dim, as the input. */
function attend(
  { heads, projections }: AttentionVariables,
  rows: tf.Tensor2D,
  { batch, steps, dim }: { readonly batch: number; readonly steps: number; readonly dim: number },
): tf.Tensor2D {
  const size = dim / heads;
  const [queries, keys, values] = tf
    .split(tf.matMul(rows, projections), 3, 1)
    .map((part) => tf.transpose(tf.reshape(part, [batch, steps, heads, size]), [0, 2, 1, 3]));
  const later = Float32Array.from({ length: steps * steps }, (_, i) =>
    i % steps > Math.floor(i / steps) ? NEVER : 0,
  );
  const logits = tf.div(tf.matMul(queries!, keys!, false, true), Math.sqrt(size));
  const shares = tf.softmax(tf.add(logits, tf.tensor2d(later, [steps, steps])));
  const read = tf.transpose(tf.matMul(shares, values!), [0, 2, 1, 3]);
  return tf.reshape(read, [batch * steps, dim]) as tf.Tensor2D;
}

/** Each row with mean 0 and variance 1, then gain and bias of this normalisation. */
function normalise({ norms }: AttentionVariables, which: number, rows: tf.Tensor2D): tf.Tensor2D {
  const dim = rows.shape[1];
  const { mean, variance } = tf.moments(rows, 1, true);
  const standard = tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, NORM_EPSILON)));
  const [gain, bias] = [2 * which, 2 * which + 1].map((row) => tf.slice2d(norms, [row, 0], [1, dim]));
  return tf.add(tf.mul(standard, gain!), bias!) as tf.Tensor2D;
}

export function readAttention(variables: AttentionVariables): SequenceNetwork {
  const { heads, positions, projections, output, inner, innerBias, outer, outerBias, norms } = variables;
  const weights = {
    hidden: output.shape[0],
    heads,
    positions: numbersOf(positions),
    projections: numbersOf(projections),
    output: numbersOf(output),
    inner: numbersOf(inner),
    innerBias: numbersOf(innerBias),
    outer: numbersOf(outer),
    outerBias: numbersOf(outerBias),
    norms: numbersOf(norms),
  };
  return { kind: 'attention', weights };
}
