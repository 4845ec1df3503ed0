import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dot, row } from '../vectors.ts';
import { exactTopK } from './exact.ts';

const searches = fc
  .record({ dim: fc.integer({ min: 1, max: 4 }), count: fc.nat(20), k: fc.nat(25) })
  .chain(({ dim, count, k }) => {
    const vector = (length: number) =>
      fc
        .array(fc.integer({ min: -3, max: 3 }), { minLength: length, maxLength: length })
        .map((values) => Float32Array.from(values));
    return fc.record({
      dim: fc.constant(dim),
      k: fc.constant(k),
      count: fc.constant(count),
      matrix: vector(dim * count),
      query: vector(dim),
    });
  });

test('the result is the head of a full sort without the excluded rows', () => {
  fc.assert(
    fc.property(searches, fc.integer({ min: 1, max: 4 }), ({ count, ...search }, stride) => {
      const isExcluded = (candidate: number) => candidate % stride === 1;
      const expected = Array.from({ length: count }, (_, i) => i)
        .filter((i) => !isExcluded(i))
        .map((i) => ({ i, score: dot(search.query, row(search.matrix, i, search.dim)) }))
        .sort((a, b) => b.score - a.score || a.i - b.i)
        .slice(0, search.k);
      const { rows, scores } = exactTopK({ ...search, isExcluded });
      assert.deepEqual(
        [...rows],
        expected.map(({ i }) => i),
      );
      assert.ok(expected.every(({ score }, place) => scores[place] === score));
    }),
  );
});

test('a query of another length is rejected', () => {
  const search = { matrix: new Float32Array(6), dim: 3, query: new Float32Array(2), k: 1 };
  assert.throws(() => exactTopK(search), RangeError);
  assert.throws(() => exactTopK({ ...search, matrix: new Float32Array(5), dim: 2 }), RangeError);
});
