import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  centreAndNormalise,
  centreInPlace,
  dot,
  isFiniteVector,
  meanRow,
  norm,
  normaliseInPlace,
  row,
  rowCount,
  squaredDistance,
} from './vectors.ts';

const coordinate = fc.integer({ min: -6400, max: 6400 }).map((step) => step / 64);
const matrices = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 }))
  .chain(([dim, rows]) =>
    fc.record({
      dim: fc.constant(dim),
      matrix: fc
        .array(coordinate, { minLength: dim * rows, maxLength: dim * rows })
        .map((values) => Float64Array.from(values)),
    }),
  );

function close(actual: number, expected: number, tolerance = 1e-9): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual} ≠ ${expected}`,
  );
}

test('dot, norm and squared distance agree by the polarisation identity', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { maxLength: 20 }), (pairs) => {
      const a = Float64Array.from(pairs, ([x]) => x);
      const b = Float64Array.from(pairs, ([, y]) => y);
      close(squaredDistance(a, b), norm(a) ** 2 + norm(b) ** 2 - 2 * dot(a, b), 1e-6);
    }),
  );
  assert.equal(dot(Float32Array.of(1, 2), Float32Array.of(3, 4)), 11);
  assert.equal(squaredDistance(Float32Array.of(1, 2), Float32Array.of(4, 6)), 25);
});

test('normaliseInPlace gives length 1 and leaves a zero or non-finite vector unchanged', () => {
  const vector = Float32Array.of(3, 4);
  assert.equal(normaliseInPlace(vector), true);
  close(norm(vector), 1, 1e-6);
  for (const hopeless of [
    Float32Array.of(0, 0),
    Float32Array.of(Number.NaN, 1),
    Float32Array.of(Infinity, 1),
  ]) {
    const before = hopeless.slice();
    assert.equal(normaliseInPlace(hopeless), false);
    assert.deepEqual(hopeless, before);
  }
});

test('centreAndNormalise gives rows of length 1, or 0 for a row at the mean', () => {
  fc.assert(
    fc.property(matrices, ({ matrix, dim }) => {
      const original = matrix.slice();
      const mean = centreAndNormalise(matrix, dim);
      assert.deepEqual(mean, meanRow(original, dim));
      for (let i = 0; i < rowCount(matrix, dim); i++) {
        const later = row(original, i, dim).slice();
        centreInPlace(later, mean);
        const scalable = normaliseInPlace(later);
        assert.deepEqual(row(matrix, i, dim), later);
        if (scalable) close(norm(later), 1, 1e-9);
      }
    }),
  );
});

test('a matrix that is not whole rows is rejected', () => {
  assert.throws(() => rowCount(new Float32Array(7), 3), RangeError);
  assert.throws(() => meanRow(new Float32Array(7), 0), RangeError);
  assert.equal(rowCount(new Float32Array(0), 3), 0);
});

test('isFiniteVector finds NaN and infinity', () => {
  assert.equal(isFiniteVector(Float32Array.of(1, -2)), true);
  assert.equal(isFiniteVector(Float32Array.of(1, Number.NaN)), false);
  assert.equal(isFiniteVector(Float64Array.of(-Infinity)), false);
});
