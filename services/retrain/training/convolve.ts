import * as tf from '@tensorflow/tfjs-node';
import type { Subgraph, SubgraphLayer } from './subgraph.ts';
import type { ConvolutionVariables, DenseVariables, PinSageVariables } from './variables.ts';

/** Below any length that matters; it keeps the gradient of an all-zero latent finite. */
const TINY = 1e-12;

/** ReLU(Q h_v + q), the first half of CONVOLVE (PinSage, KDD 2018, Algorithm 1): n × inputs → n × hidden. */
export function transformNeighbours({ pool }: ConvolutionVariables, states: tf.Tensor2D): tf.Tensor2D {
  return tf.relu(affine(pool, states));
}

/**
 * Importance pooling, Σ α_v·(transformed v): count × hidden. A batched product of each item's 1 × T importances with
 * its T × hidden neighbours, which costs a fifth of multiplying and summing over an axis, gradient included.
 */
export function poolNeighbours(
  transformed: tf.Tensor2D,
  { count, neighbours, weights }: SubgraphLayer,
): tf.Tensor2D {
  const size = neighbours.length / count;
  const hidden = transformed.shape[1];
  const gathered = tf.gather(transformed, tf.tensor1d(neighbours, 'int32')).reshape([count, size, hidden]);
  return tf.matMul(tf.tensor3d(weights, [count, 1, size]), gathered).reshape([count, hidden]);
}

/** z = ReLU(W·[h; n] + w), z/‖z‖, the second half of CONVOLVE: count × hidden. */
export function combine(
  { combine }: ConvolutionVariables,
  states: tf.Tensor2D,
  pooled: tf.Tensor2D,
): tf.Tensor2D {
  return normaliseRows(tf.relu(affine(combine, tf.concat2d([states, pooled], 1))));
}

/** The head (Algorithm 2): G₂·ReLU(G₁ h + g), rows of length 1: count × dim. */
export function projectHead({ headHidden, headOutput }: PinSageVariables, latents: tf.Tensor2D): tf.Tensor2D {
  return normaliseRows(tf.matMul(tf.relu(affine(headHidden, latents)), headOutput));
}

/**
 * Embeddings of a subgraph's targets, targets × dim, not centred. `features` is the n × f matrix of the catalogue.
 * Must run inside `tf.tidy` or a gradient.
 */
export function embedSubgraph(
  variables: PinSageVariables,
  features: tf.Tensor2D,
  subgraph: Subgraph,
): tf.Tensor2D {
  let states = tf.gather(features, tf.tensor1d(subgraph.inputs, 'int32'));
  for (const [i, layer] of subgraph.layers.entries()) {
    const convolution = variables.convolutions[i]!;
    const pooled = poolNeighbours(transformNeighbours(convolution, states), layer);
    states = combine(convolution, tf.slice2d(states, [0, 0], [layer.count, -1]), pooled);
  }
  return projectHead(variables, states);
}

function affine({ kernel, bias }: DenseVariables, input: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(input, kernel), bias);
}

function normaliseRows(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), TINY)));
}
