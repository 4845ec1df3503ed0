import type { Vector } from '../vectors.ts';
import { addProduct } from './add-product.ts';

/** Weights of one block of causal self-attention. Matrices are row-major. */
export interface AttentionWeights {
  /** Length of inputs and of the state. */
  readonly hidden: number;
  /** A divisor of `hidden`. */
  readonly heads: number;
  /** Places × hidden: what is added to the input of each place, the oldest first. There are no more inputs than places. */
  readonly positions: Float32Array;
  /** hidden × 3 hidden: query, key, value; the numbers of a head are neighbours. */
  readonly projections: Float32Array;
  /** hidden × hidden: from the heads to the state. */
  readonly output: Float32Array;
  /** hidden × hidden, and hidden: the two layers behind the attention. */
  readonly inner: Float32Array;
  readonly innerBias: Float32Array;
  readonly outer: Float32Array;
  readonly outerBias: Float32Array;
  /** 6 × hidden: gain and bias of the normalisation before the attention, before the layers, and of the state. */
  readonly norms: Float32Array;
}

/** Added to variances, so that equal numbers are no division by zero. */
export const NORM_EPSILON = 1e-5;

/**
 * The state after some inputs, the oldest first, by one block of causal self-attention with normalisation before each part (SASRec, Kang and
 * McAuley 2018): x = input + position; y = x_n + A(N₁(x)); z = y + W₂ ReLU(W₁ N₂(y)); the state is N₃(z), where the last place
 * attends to all places. Without an input it is 0.
 * @param inputs vectors of `hidden` numbers, at most one for each place
 * @throws RangeError if an input has another length, or there are more inputs than places
 */
export function attentionState(weights: AttentionWeights, inputs: Iterable<Vector>): Float64Array {
  const { hidden } = weights;
  const places = [...placed(weights, inputs)];
  const last = places.at(-1);
  if (last === undefined) return new Float64Array(hidden);
  const state = last.slice();
  addProduct(state, attended(weights, places), weights.output);
  const inner = Float64Array.from(weights.innerBias);
  addProduct(inner, normalised(weights, 1, state), weights.inner);
  for (let i = 0; i < hidden; i++) {
    inner[i] = Math.max(0, inner[i]!);
    state[i]! += weights.outerBias[i]!;
  }
  addProduct(state, inner, weights.outer);
  return normalised(weights, 2, state);
}

function* placed({ hidden, positions }: AttentionWeights, inputs: Iterable<Vector>): Iterable<Float64Array> {
  let start = 0;
  for (const input of inputs) {
    if (input.length !== hidden) throw new RangeError(`An input of ${input.length} numbers, not ${hidden}`);
    if (start === positions.length)
      throw new RangeError(`More inputs than the ${positions.length / hidden} places of the model`);
    yield Float64Array.from(input, (value, i) => value + positions[start + i]!);
    start += hidden;
  }
}

/** What the heads read at the last place: a mean of the values of all places, weighted by query and keys. */
function attended(weights: AttentionWeights, places: readonly Float64Array[]): Float64Array {
  const { hidden, heads, projections } = weights;
  const rows = places.map((place) => normalised(weights, 0, place));
  const project = (vector: Float64Array, part: number) => {
    const sum = new Float64Array(hidden);
    addProduct(sum, vector, projections, { column: part * hidden, width: 3 * hidden });
    return sum;
  };
  const query = project(rows.at(-1)!, 0);
  const keys = rows.map((vector) => project(vector, 1));
  const values = rows.map((vector) => project(vector, 2));
  const read = new Float64Array(hidden);
  const size = hidden / heads;
  for (let start = 0; start < hidden; start += size) {
    const logits = keys.map((key) => {
      let sum = 0;
      for (let i = start; i < start + size; i++) sum += query[i]! * key[i]!;
      return sum / Math.sqrt(size);
    });
    const most = Math.max(...logits);
    const shares = logits.map((logit) => Math.exp(logit - most));
    const total = shares.reduce((sum, share) => sum + share, 0);
    shares.forEach((share, place) => {
      for (let i = start; i < start + size; i++) read[i]! += (share / total) * values[place]![i]!;
    });
  }
  return read;
}

/** Mean 0 and variance 1, then gain and bias of this normalisation. */
function normalised({ hidden, norms }: AttentionWeights, which: number, vector: Float64Array): Float64Array {
  let mean = 0;
  for (const value of vector) mean += value / hidden;
  let variance = 0;
  for (const value of vector) variance += (value - mean) ** 2 / hidden;
  const scale = 1 / Math.sqrt(variance + NORM_EPSILON);
  const gain = 2 * which * hidden;
  return vector.map((value, i) => norms[gain + i]! * (value - mean) * scale + norms[gain + hidden + i]!);
}
