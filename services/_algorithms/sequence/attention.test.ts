import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { type AttentionWeights, attentionState, NORM_EPSILON } from './attention.ts';

const HIDDEN = 4;
const random = createRandom('attention');
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
const WEIGHTS: AttentionWeights = {
  hidden: HIDDEN,
  heads: 2,
  positions: normals(3 * HIDDEN),
  projections: normals(3 * HIDDEN * HIDDEN),
  output: normals(HIDDEN * HIDDEN),
  inner: normals(HIDDEN * HIDDEN),
  innerBias: normals(HIDDEN),
  outer: normals(HIDDEN * HIDDEN),
  outerBias: normals(HIDDEN),
  norms: normals(6 * HIDDEN),
};
const INPUTS = [normals(HIDDEN), normals(HIDDEN), normals(HIDDEN)];

const range = (length: number) => Array.from({ length }, (_, i) => i);
const times = (vector: number[], matrix: Float32Array, width: number, column = 0) =>
  range(HIDDEN).map((to) =>
    vector.reduce((sum, value, from) => sum + value * matrix[from * width + column + to]!, 0),
  );
const norm = (vector: number[], which: number) => {
  const mean = vector.reduce((sum, value) => sum + value, 0) / HIDDEN;
  const variance = vector.reduce((sum, value) => sum + (value - mean) ** 2, 0) / HIDDEN;
  return vector.map(
    (value, i) =>
      (WEIGHTS.norms[2 * which * HIDDEN + i]! * (value - mean)) / Math.sqrt(variance + NORM_EPSILON) +
      WEIGHTS.norms[(2 * which + 1) * HIDDEN + i]!,
  );
};

/** The equations written out, head by head. */
function plainState(inputs: readonly Float32Array[]): number[] {
  const places = inputs.map((input, place) =>
    range(HIDDEN).map((i) => input[i]! + WEIGHTS.positions[place * HIDDEN + i]!),
  );
  const [queries, keys, values] = [0, 1, 2].map((part) =>
    places.map((place) => times(norm(place, 0), WEIGHTS.projections, 3 * HIDDEN, part * HIDDEN)),
  );
  const query = queries!.at(-1)!;
  const read = range(HIDDEN).map((i) => {
    const own = i < 2 ? [0, 1] : [2, 3];
    const exps = keys!.map((key) =>
      Math.exp(own.reduce((sum, j) => sum + query[j]! * key[j]!, 0) / Math.SQRT2),
    );
    const total = exps.reduce((sum, one) => sum + one, 0);
    return exps.reduce((sum, one, place) => sum + (one / total) * values![place]![i]!, 0);
  });
  const attended = times(read, WEIGHTS.output, HIDDEN).map((value, i) => value + places.at(-1)![i]!);
  const inner = times(norm(attended, 1), WEIGHTS.inner, HIDDEN).map((value, i) =>
    Math.max(0, value + WEIGHTS.innerBias[i]!),
  );
  const outer = times(inner, WEIGHTS.outer, HIDDEN);
  return norm(
    attended.map((value, i) => value + outer[i]! + WEIGHTS.outerBias[i]!),
    2,
  );
}

describe('a block of self-attention', () => {
  it('a block of self-attention computes its equations, written out head by head', () => {
    for (const count of [1, 2, 3]) {
      const inputs = INPUTS.slice(0, count);
      const expected = plainState(inputs);
      attentionState(WEIGHTS, inputs).forEach((value, i) => {
        assert.ok(Math.abs(value - expected[i]!) < 1e-9, `${value} and ${expected[i]}`);
      });
    }
  });

  it('the order of the inputs counts', () => {
    const [first, second, third] = INPUTS as [Float32Array, Float32Array, Float32Array];
    assert.notDeepEqual(
      attentionState(WEIGHTS, [first, second, third]),
      attentionState(WEIGHTS, [second, first, third]),
    );
  });

  it('a block of self-attention without an input has the state 0, and refuses what does not fit', () => {
    assert.deepEqual([...attentionState(WEIGHTS, [])], [0, 0, 0, 0]);
    assert.throws(() => attentionState(WEIGHTS, [Float32Array.of(1, 2)]), /An input of 2 numbers, not 4/);
    assert.throws(
      () => attentionState(WEIGHTS, [...INPUTS, normals(HIDDEN)]),
      /More inputs than the 3 places/,
    );
  });
});
