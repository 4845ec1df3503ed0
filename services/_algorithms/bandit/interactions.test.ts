import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withInteractions } from './interactions.ts';

test('the products of the crossed columns with the context stand behind the columns of each row', () => {
  const table = { columns: ['bias', 'score'], values: Float64Array.of(1, 2, 1, -3) };
  const context = { names: ['evening', 'history'], values: Float64Array.of(0, 0.5) };
  const { columns, values } = withInteractions(table, context, ['score', 'gone']);
  assert.deepEqual(columns, ['bias', 'score', 'score.at.evening', 'score.at.history']);
  assert.deepEqual([...values], [1, 2, 0, 1, 1, -3, -0, -1.5]);
});

test('without a context the table stays as it is', () => {
  const table = { columns: ['a'], values: Float64Array.of(1, 2) };
  assert.deepEqual(withInteractions(table, { names: [], values: new Float64Array(0) }, ['a']), table);
});

test('a context with another number of values than names is rejected', () => {
  const table = { columns: ['a'], values: Float64Array.of(1) };
  const context = { names: ['b'], values: new Float64Array(0) };
  assert.throws(() => withInteractions(table, context, ['a']), /context: 0 values for 1 names/);
});
