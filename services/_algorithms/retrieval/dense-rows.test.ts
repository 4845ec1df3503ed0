import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { DenseRowMap, DenseRowSet } from './dense-rows.ts';

const ROWS = 5_000;
const CHANGES = 20_000;

describe('a set of rows', () => {
  it('holds what a Set holds, whatever the order of changes', () => {
    const random = createRandom('rows');
    const rows = new DenseRowSet();
    const expected = new Set<number>();
    for (let change = 0; change < CHANGES; change++) {
      const row = random.integer(ROWS);
      if (random.next() < 0.6) {
        rows.add(row);
        expected.add(row);
      } else assert.equal(rows.delete(row), expected.delete(row));
      assert.equal(rows.size, expected.size);
    }
    for (let row = 0; row < 2 * ROWS; row++) assert.equal(rows.has(row), expected.has(row), `row ${row}`);
  });

  it('is empty after it was cleared', () => {
    const rows = new DenseRowSet();
    rows.add(ROWS);
    rows.clear();
    assert.equal(rows.size, 0);
    assert.equal(rows.has(ROWS), false);
  });
});

describe('numbers by row', () => {
  it('are those that a Map holds, whatever the order of changes', () => {
    const random = createRandom('numbers');
    const numbers = new DenseRowMap();
    const expected = new Map<number, number>();
    for (let change = 0; change < CHANGES; change++) {
      const row = random.integer(ROWS);
      if (random.next() < 0.6) {
        numbers.set(row, change);
        expected.set(row, change);
      } else {
        numbers.delete(row);
        expected.delete(row);
      }
      assert.equal(numbers.size, expected.size);
    }
    for (let row = 0; row < 2 * ROWS; row++) assert.equal(numbers.get(row), expected.get(row), `row ${row}`);
    assert.deepEqual(
      [...numbers.rows()],
      [...expected.keys()].sort((a, b) => a - b),
    );
  });

  it('tell a number of 0 from none', () => {
    const numbers = new DenseRowMap();
    numbers.set(3, 0);
    assert.equal(numbers.get(3), 0);
    assert.equal(numbers.get(2), undefined);
  });
});
