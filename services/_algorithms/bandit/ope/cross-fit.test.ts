import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crossFit } from './cross-fit.ts';

test('each row is used once, with a model that saw no row of its user', () => {
  const users = Int32Array.from({ length: 200 }, (_, row) => row % 23);
  const used: number[] = [];
  const sizes = new Set<number>();
  crossFit(
    users,
    5,
    (rows) => new Set(rows),
    (row, seen) => {
      used.push(row);
      sizes.add(seen.size);
      for (const other of seen) assert.notEqual(users[other], users[row]);
    },
  );
  assert.deepEqual(
    used.toSorted((a, b) => a - b),
    [...users.keys()],
  );
  assert.ok(sizes.size > 1 && Math.max(...sizes) < 200);
});

test('less than two folds are rejected', () => {
  assert.throws(
    () =>
      crossFit(
        Int32Array.of(1),
        1,
        () => 0,
        () => {},
      ),
    /folds: 1 is not at least 2/,
  );
});
