import { centreInPlace, normaliseInPlace } from '../vectors.ts';
import { meanShares, type Pooling } from './pooling.ts';
import type { Convolution, Dense, Matrix, PinSageWeights } from './weights.ts';

/** The important neighbours of a new item, as the trained catalogue knows them. */
export interface NewItemNeighbours {
  /** k importances, ≥ 0. They are normalised to sum to 1; one of 0 is no neighbour. */
  readonly importance: ArrayLike<number>;
  /**
   * States of the k neighbours below each convolution, k rows each: their features, then their latents after each
   * convolution but the last.
   */
  readonly states: readonly Float32Array[];
}

/**
 * Embedding of an item that was not in training (PinSage is inductive: KDD 2018, §3.2, Algorithm 2), in plain arrays:
 * under a millisecond, without TensorFlow. Without neighbours it rests on the features alone.
 * Centred by the catalogue's mean and scaled to length 1, so that it is comparable with the trained embeddings.
 * Throws RangeError where lengths disagree with the weights.
 */
export function embedNew(
  weights: PinSageWeights,
  features: Float32Array,
  neighbours: NewItemNeighbours = { importance: [], states: [] },
): Float32Array {
  checkLengths(weights, features, neighbours);
  const importance = normalisedImportance(neighbours.importance);
  let state = features;
  for (const [layer, convolution] of weights.convolutions.entries()) {
    state = convolve(
      convolution,
      state,
      neighbours.states[layer] ?? new Float32Array(),
      importance,
      weights.shape.pooling,
    );
  }
  const embedding = head(weights, state);
  centreInPlace(embedding, weights.mean);
  normaliseInPlace(embedding);
  return embedding;
}

/**
 * CONVOLVE for one item (PinSage, Algorithm 1): n = γ(ReLU(Q h_v + q)), z = ReLU(W·[h; n] + w), z/‖z‖, where γ is the
 * pooling: Σ α_v·…, the plain mean, or the largest of each coordinate.
 * `neighbours` holds a row of h's length for each importance α_v, which sum to 1.
 */
export function convolve(
  { pool, combine }: Convolution,
  state: Float32Array,
  neighbours: Float32Array,
  importance: Float32Array,
  pooling: Pooling = 'importance',
): Float32Array {
  const width = pool.kernel.inputs;
  const joined = new Float32Array(combine.kernel.inputs);
  joined.set(state);
  const pooled = joined.subarray(width);
  const shares = pooling === 'mean' ? meanShares(importance, importance.length) : importance;
  for (let v = 0; v < importance.length; v++) {
    if (shares[v] === 0) continue;
    const transformed = relu(affine(pool, neighbours.subarray(v * width, (v + 1) * width)));
    if (pooling === 'max') raiseTo(pooled, transformed);
    else for (let i = 0; i < pooled.length; i++) pooled[i]! += shares[v]! * transformed[i]!;
  }
  const latent = relu(affine(combine, joined));
  normaliseInPlace(latent);
  return latent;
}

/** The head (PinSage, Algorithm 2): G₂·ReLU(G₁ h + g), scaled to length 1; not yet centred. */
export function head({ headHidden, headOutput }: PinSageWeights, latent: Float32Array): Float32Array {
  const embedding = multiply(headOutput, relu(affine(headHidden, latent)));
  normaliseInPlace(embedding);
  return embedding;
}

function affine({ kernel, bias }: Dense, input: Float32Array): Float32Array {
  const output = multiply(kernel, input);
  for (let o = 0; o < output.length; o++) output[o]! += bias[o]!;
  return output;
}

function multiply({ inputs, outputs, values }: Matrix, input: Float32Array): Float32Array {
  const output = new Float32Array(outputs);
  for (let i = 0; i < inputs; i++) {
    const value = input[i]!;
    if (value === 0) continue;
    for (let o = 0; o < outputs; o++) output[o]! += value * values[i * outputs + o]!;
  }
  return output;
}

function relu(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) if (values[i]! < 0) values[i] = 0;
  return values;
}

/** Element-wise maximum, in place; nothing is below 0 after a ReLU, so that 0 stands for no neighbour. */
function raiseTo(largest: Float32Array, values: Float32Array): void {
  for (let i = 0; i < largest.length; i++) if (values[i]! > largest[i]!) largest[i] = values[i]!;
}

function normalisedImportance(importance: ArrayLike<number>): Float32Array {
  const shares = Float32Array.from(importance);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return total > 0 ? shares.map((share) => share / total) : shares;
}

function checkLengths(
  { shape }: PinSageWeights,
  features: Float32Array,
  { importance, states }: NewItemNeighbours,
): void {
  if (features.length !== shape.features) {
    throw new RangeError(`The item has ${features.length} features, the model ${shape.features}`);
  }
  if (importance.length === 0) return;
  for (let layer = 0; layer < shape.layers; layer++) {
    const expected = importance.length * (layer === 0 ? shape.features : shape.hidden);
    if (states[layer]?.length !== expected) {
      throw new RangeError(
        `Neighbour states ${layer} have ${states[layer]?.length ?? 0} numbers, not ${expected}`,
      );
    }
  }
}
