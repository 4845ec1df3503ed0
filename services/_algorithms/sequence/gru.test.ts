import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GruWeights, gruState } from './gru.ts';

/** One number as input and as state. */
const ONE: GruWeights = {
  inputs: 1,
  hidden: 1,
  input: Float32Array.of(1, 2, 3),
  recurrent: Float32Array.of(0.5, -1, 2),
  bias: Float32Array.of(0, 0.25, -0.5),
  resetBias: Float32Array.of(0.75),
};

const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

describe('a gated recurrent unit', () => {
  it('a gated recurrent unit computes its equations, written out for one number', () => {
    let state = 0;
    for (const x of [1, -0.5]) {
      const update = sigmoid(x + 0.5 * state);
      const reset = sigmoid(2 * x + 0.25 - state);
      const candidate = Math.tanh(3 * x - 0.5 + reset * (2 * state + 0.75));
      state = update * state + (1 - update) * candidate;
    }
    const [own] = gruState(ONE, [Float32Array.of(1), Float32Array.of(-0.5)]);
    assert.ok(Math.abs(own! - state) < 1e-12);
  });

  it('a gated recurrent unit without an input has the state 0, and refuses an input of another length', () => {
    assert.deepEqual([...gruState(ONE, [])], [0]);
    assert.throws(() => gruState(ONE, [Float32Array.of(1, 2)]), /An input of 2 numbers, not 1/);
  });
});
