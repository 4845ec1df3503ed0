import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnOfPolicy, missingColumn, placeOfColumn } from './fixed-order.ts';

const COLUMNS = ['bias', 'combiner.own-score', 'trending.beside-score', 'trending.rank', 'popularity'];

test('a column is found by its name, and the score of a model on any scale', () => {
  assert.equal(placeOfColumn(COLUMNS, 'trending.rank'), 3);
  assert.equal(placeOfColumn(COLUMNS, 'combiner.score'), 1);
  assert.equal(placeOfColumn(COLUMNS, 'trending.own-score'), 2);
  assert.equal(placeOfColumn(COLUMNS, 'sessions.score'), -1);
  assert.equal(placeOfColumn(COLUMNS, 'combiner.rank'), -1);
});

test('only a fixed order can miss its column', () => {
  assert.equal(columnOfPolicy('fixed(column=popularity)'), 'popularity');
  for (const policy of ['greedy', 'thompson(draws=64)', 'fixed', ''])
    assert.equal(columnOfPolicy(policy), undefined);
  assert.equal(missingColumn('fixed(column=sessions.rank)', COLUMNS), 'sessions.rank');
  assert.equal(missingColumn('fixed(column=combiner.score)', COLUMNS), undefined);
  assert.equal(missingColumn('greedy', []), undefined);
});
