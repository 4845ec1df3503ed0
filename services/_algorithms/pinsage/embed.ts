import { centreInPlace, normaliseInPlace, row } from '../vectors.ts';
import { meanShares, type Pooling } from './pooling.ts';
import type { Convolution, Dense, Matrix, PinSageWeights } from './weights.ts';

/** The important neighbours of a new item, as known to the trained catalogue. */
export interface NewItemNeighbours {
  /** k importances, ≥ 0. They are normalised to sum to 1; an importance of 0 means no neighbour. */
  readonly importance: ArrayLike<number>;
  /** Latents of the k neighbours for each convolution, ReLU(Q h_v + q): k × hidden each. */
  readonly latents: readonly Float32Array[];
}

/**
 * Embedding of an item that was not in training (PinSage is inductive: KDD 2018, §3.2, Algorithm 2), in plain arrays:
 * under a millisecond, without TensorFlow. Without neighbours it depends on the features alone. It is centred by the
 * catalogue's mean and scaled to length 1, so that it is comparable with the trained embeddings. Throws RangeError if
 * lengths disagree with the weights.
 */
export function embedNew(
  weights: PinSageWeights,
  features: Float32Array,
  neighbours: NewItemNeighbours = { importance: [], latents: [] },
): Float32Array {
  checkLengths(weights, features, neighbours);
  const shares = sharesOf(neighbours.importance);
  let state = features;
  for (const [layer, convolution] of weights.convolutions.entries()) {
    state = convolve(
      convolution,
      state,
      neighbours.latents[layer] ?? new Float32Array(),
      shares,
      weights.shape.pooling,
    );
  }
  const embedding = head(weights, state, features);
  centreInPlace(embedding, weights.mean);
  normaliseInPlace(embedding);
  return embedding;
}

/**
 * CONVOLVE for one item (PinSage, Algorithm 1): z = ReLU(W·[h; γ(n)] + w), z/‖z‖, where γ is the pooling of the
 * neighbours' latents n_v: Σ α_v·n_v, the plain mean, or the largest of each coordinate.
 * `latents` holds a row for each share α_v; the shares of importance sum to 1.
 */
export function convolve(
  { combine }: Convolution,
  state: Float32Array,
  latents: Float32Array,
  shares: Float32Array,
  pooling: Pooling = 'importance',
): Float32Array {
  const joined = new Float32Array(combine.kernel.inputs);
  joined.set(state);
  const pooled = joined.subarray(state.length);
  const factors = pooling === 'mean' ? meanShares(shares, shares.length) : shares;
  for (let v = 0; v < shares.length; v++) {
    if (factors[v] === 0) continue;
    const latent = row(latents, v, pooled.length);
    if (pooling === 'max') raiseTo(pooled, latent);
    else for (let i = 0; i < pooled.length; i++) pooled[i]! += factors[v]! * latent[i]!;
  }
  const combined = relu(affine(combine, joined));
  normaliseInPlace(combined);
  return combined;
}

/**
 * The head (PinSage, Algorithm 2): G₂·[ReLU(G₁ h + g); x], scaled to length 1, where x are the item's direct features;
 * not yet centred.
 */
export function head(
  { headHidden, headOutput, shape }: PinSageWeights,
  latent: Float32Array,
  features: Float32Array,
): Float32Array {
  const joined = new Float32Array(headOutput.inputs);
  joined.set(relu(affine(headHidden, latent)));
  joined.set(features.subarray(0, shape.direct), shape.hidden);
  const embedding = multiply(headOutput, joined);
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

/** Element-wise maximum, in place; nothing is below 0 after a ReLU, so 0 stands for no neighbour. */
function raiseTo(largest: Float32Array, values: Float32Array): void {
  for (let i = 0; i < largest.length; i++) if (values[i]! > largest[i]!) largest[i] = values[i]!;
}

/** Importances as shares of their sum; all 0 where the sum is 0. */
function sharesOf(importances: ArrayLike<number>): Float32Array {
  const values = Float32Array.from(importances);
  const total = values.reduce((sum, value) => sum + value, 0);
  return total > 0 ? values.map((value) => value / total) : values;
}

function checkLengths(
  { shape }: PinSageWeights,
  features: Float32Array,
  { importance, latents }: NewItemNeighbours,
): void {
  if (features.length !== shape.features) {
    throw new RangeError(`The item has ${features.length} features, the model ${shape.features}`);
  }
  if (importance.length === 0) return;
  const expected = importance.length * shape.hidden;
  for (let layer = 0; layer < shape.layers; layer++) {
    const given = latents[layer]?.length ?? 0;
    if (given !== expected) {
      throw new RangeError(`Neighbour latents ${layer} have ${given} numbers, not ${expected}`);
    }
  }
}
