import type { Vector } from '../vectors.ts';
import { addProduct } from './add-product.ts';

/** Weights of a gated recurrent unit whose reset gate acts after the product with the state. Matrices are row-major. */
export interface GruWeights {
  readonly inputs: number;
  readonly hidden: number;
  /** inputs × 3 hidden: update gate, reset gate, candidate. */
  readonly input: Float32Array;
  /** hidden × 3 hidden, in the same order. */
  readonly recurrent: Float32Array;
  /** 3 hidden. */
  readonly bias: Float32Array;
  /** hidden: the bias that the reset gate multiplies. */
  readonly resetBias: Float32Array;
}

/**
 * The state of a gated recurrent unit (Cho et al. 2014; the reset gate after the product, as in cuDNN) after some inputs, the oldest
 * first, from the state 0: z = σ(x·W_z + h·U_z + b_z), r = σ(x·W_r + h·U_r + b_r), c = tanh(x·W_c + b_c + r ∘ (h·U_c + b_u)),
 * h ← z ∘ h + (1 − z) ∘ c.
 * @param inputs vectors of `inputs` numbers
 * @throws RangeError if an input has another length
 */
export function gruState(weights: GruWeights, inputs: Iterable<Vector>): Float64Array {
  const { hidden, input, recurrent, bias, resetBias } = weights;
  const gates = new Float64Array(3 * hidden);
  const fromState = new Float64Array(3 * hidden);
  const state = new Float64Array(hidden);
  for (const vector of inputs) {
    if (vector.length !== weights.inputs)
      throw new RangeError(`An input of ${vector.length} numbers, not ${weights.inputs}`);
    gates.set(bias);
    addProduct(gates, vector, input);
    fromState.fill(0);
    fromState.set(resetBias, 2 * hidden);
    addProduct(fromState, state, recurrent);
    for (let i = 0; i < hidden; i++) {
      const update = sigmoid(gates[i]! + fromState[i]!);
      const reset = sigmoid(gates[hidden + i]! + fromState[hidden + i]!);
      const candidate = Math.tanh(gates[2 * hidden + i]! + reset * fromState[2 * hidden + i]!);
      state[i] = update * state[i]! + (1 - update) * candidate;
    }
  }
  return state;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
