import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestRows, certainChoice, countRows, meanWeights, scoreRows } from './choice.ts';
import { posterior } from './linear.ts';
import { createStatistics, observe } from './statistics.ts';

test('the mean of a weight is the learned mean, or that of the prior if nothing was learned', () => {
  const statistics = createStatistics();
  for (let i = 0; i < 1_000; i++) observe(statistics, ['known'], Float64Array.of(1), 2);
  const prior = { precision: 1, meanOf: (column: string) => column.length };
  const [learned, unknown] = meanWeights(posterior(statistics, { prior, noiseVariance: 1 }), [
    'known',
    'constructor',
  ]);
  assert.ok(Math.abs(learned! - 2) < 0.01);
  assert.equal(unknown, 'constructor'.length);
});

test('rows are scored by the weights of their columns', () => {
  const table = { columns: ['a', 'b'], values: Float64Array.of(1, 2, 0, -1, 3, 0) };
  assert.equal(countRows(table), 3);
  assert.deepEqual(scoreRows(table, Float64Array.of(10, 1)), Float64Array.of(12, -1, 30));
});

test('the best rows come first, equal rows in their order, and at most all rows', () => {
  assert.deepEqual([...bestRows(Float64Array.of(1, 3, 3, 2), 3)], [1, 2, 3]);
  assert.deepEqual([...bestRows(Float64Array.of(1, 3), 5)], [1, 0]);
  assert.deepEqual([...bestRows(new Float64Array(0), 5)], []);
});

test('a deterministic choice shows its rows with probability 1', () => {
  assert.deepEqual(certainChoice(Float64Array.of(0.5, 2, 1), 2), {
    order: Int32Array.of(1, 2),
    scores: Float64Array.of(2, 1),
    propensities: Float64Array.of(1, 1),
    conditionals: Float64Array.of(1, 1),
    inclusions: Float64Array.of(1, 1),
    probability: 1,
    draws: 0,
  });
});

test('numbers that are not whole rows or not finite are rejected', () => {
  assert.throws(() => countRows({ columns: ['a', 'b'], values: Float64Array.of(1, 2, 3) }), RangeError);
  assert.throws(() => countRows({ columns: ['a'], values: Float64Array.of(Number.NaN) }), RangeError);
  assert.throws(() => countRows({ columns: [], values: new Float64Array(0) }), RangeError);
});
