import * as tf from '@tensorflow/tfjs-node';
import { meanShares, type Pooling } from '#algorithms/pinsage/pooling.ts';
import { createPoolingKernel, type PoolingKernel } from '#algorithms/pinsage/pooling-kernel.ts';
import { relu } from './relu.ts';
import type { Subgraph, SubgraphLayer } from './subgraph.ts';
import type { ConvolutionVariables, DenseVariables, PinSageVariables } from './variables.ts';

/** Smaller than any relevant length; it keeps the gradient of an all-zero latent finite. */
const TINY = 1e-12;

/** ReLU(Q h_v + q), the first half of CONVOLVE (PinSage, KDD 2018, Algorithm 1): n × inputs → n × hidden. */
export function transformNeighbours({ pool }: ConvolutionVariables, states: tf.Tensor2D): tf.Tensor2D {
  return relu(affine(pool, states));
}

/**
 * γ of the transformed neighbours: count × hidden. The means are a batched product of each item's 1 × T shares with
 * its T × hidden neighbours, which costs a fifth of multiplying and summing over an axis.
 */
export function poolNeighbours(
  pooling: Pooling,
  transformed: tf.Tensor2D,
  { count, neighbours, weights }: SubgraphLayer,
): tf.Tensor2D {
  const size = neighbours.length / count;
  const hidden = transformed.shape[1];
  const gathered = tf
    .gather(transformed, tf.tensor1d(neighbours, 'int32'))
    .reshape<tf.Tensor3D>([count, size, hidden]);
  if (pooling === 'max') return largest(gathered, tf.tensor3d(weights, [count, size, 1]));
  const shares = pooling === 'mean' ? meanShares(weights, size) : weights;
  return tf.matMul(tf.tensor3d(shares, [count, 1, size]), gathered).reshape([count, hidden]);
}

let poolingKernel: PoolingKernel | undefined;

/**
 * `poolNeighbours` with a gradient: the means and their gradients are computed outside TensorFlow, which takes four
 * times as long to gather the neighbours and to add them up. Not for inference, where every chunk would copy all
 * rows.
 */
function poolSubgraph(pooling: Pooling, transformed: tf.Tensor2D, layer: SubgraphLayer): tf.Tensor2D {
  if (pooling === 'max') return poolNeighbours(pooling, transformed, layer);
  poolingKernel ??= createPoolingKernel();
  const kernel = poolingKernel;
  const size = layer.neighbours.length / layer.count;
  const shares = pooling === 'mean' ? meanShares(layer.weights, size) : layer.weights;
  const items = { ...layer, weights: shares };
  const [rowCount, width] = transformed.shape;
  const pooled = tf.customGrad((rows) => ({
    value: tf.tensor2d(kernel.pool(floatsOf(rows as tf.Tensor), width, items), [layer.count, width]),
    gradFunc: (dy) =>
      tf.tensor2d(kernel.spread(floatsOf(dy as tf.Tensor), width, items, rowCount), [rowCount, width]),
  }));
  return pooled(transformed) as tf.Tensor2D;
}

function floatsOf(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<'float32'>();
}

/**
 * The maximum of each coordinate among the neighbours of positive weight, which are not negative; 0 without any. The
 * gradient is divided equally among equally large neighbours; that of `tf.max` would go to each in full.
 */
function largest(gathered: tf.Tensor3D, weights: tf.Tensor3D): tf.Tensor2D {
  const known = tf.mul(gathered, tf.cast(tf.greater(weights, 0), 'float32'));
  const largestOf = tf.customGrad((values, save) => {
    const value = tf.max(values as tf.Tensor, 1, true);
    (save as tf.GradSaveFunc)([values as tf.Tensor, value]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [all, top] = saved as [tf.Tensor, tf.Tensor];
        const winners = tf.cast(tf.equal(all, top), 'float32');
        return tf.mul(winners, tf.div(dy as tf.Tensor, tf.sum(winners, 1, true)));
      },
    };
  });
  return tf.squeeze<tf.Tensor2D>(largestOf(known), [1]);
}

/**
 * z = ReLU(W·[h; n] + w), z/‖z‖, the second half of CONVOLVE: count × hidden. Each half of W is multiplied on its
 * own, which saves joining h and n, and in the first layer the gradient by the features, which is not needed.
 */
export function combine(
  { combine }: ConvolutionVariables,
  states: tf.Tensor2D,
  pooled: tf.Tensor2D,
): tf.Tensor2D {
  const { kernel, bias } = combine;
  const [own, hidden] = [states.shape[1], pooled.shape[1]];
  const ofStates = tf.matMul(states, tf.slice2d(kernel, [0, 0], [own, -1]));
  const ofPooled = tf.matMul(pooled, tf.slice2d(kernel, [own, 0], [hidden, -1]));
  return normaliseRows(relu(tf.add(tf.add(ofStates, ofPooled), bias)));
}

/**
 * The head (Algorithm 2): G₂·[ReLU(G₁ h + g); x], rows of length 1: count × dim. `features` holds at least the `direct`
 * leading features of each item, x.
 */
export function projectHead(
  { direct, headHidden, headOutput }: PinSageVariables,
  latents: tf.Tensor2D,
  features: tf.Tensor2D,
): tf.Tensor2D {
  const hidden = relu(affine(headHidden, latents));
  if (direct === 0) return normaliseRows(tf.matMul(hidden, headOutput));
  const width = hidden.shape[1];
  const ofHidden = tf.matMul(hidden, tf.slice2d(headOutput, [0, 0], [width, -1]));
  const places = tf.slice2d(features, [0, 0], [-1, direct]);
  const ofPlaces = tf.matMul(places, tf.slice2d(headOutput, [width, 0], [direct, -1]));
  return normaliseRows(tf.add(ofHidden, ofPlaces));
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
  const inputs = tf.gather(features, tf.tensor1d(subgraph.inputs, 'int32'));
  let states = inputs;
  for (const [i, layer] of subgraph.layers.entries()) {
    const convolution = variables.convolutions[i]!;
    const pooled = poolSubgraph(variables.pooling, transformNeighbours(convolution, states), layer);
    states = combine(convolution, tf.slice2d(states, [0, 0], [layer.count, -1]), pooled);
  }
  return projectHead(variables, states, tf.slice2d(inputs, [0, 0], [states.shape[0], -1]));
}

function affine({ kernel, bias }: DenseVariables, input: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(input, kernel), bias);
}

function normaliseRows(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), TINY)));
}
