import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitOf } from '../pinsage/split.testing.ts';
import { innerSplit } from './als.ts';

test('settings are chosen by the new items of the last part of the training time, of known users and items', () => {
  // User 0 takes item 2 later for the first time, and item 0 again; item 3 and user 2 were unknown before.
  const user = Int32Array.of(0, 1, 1, 1, 1, 0, 0, 0, 2);
  const item = Int32Array.of(0, 0, 2, 2, 2, 2, 0, 3, 0);
  const train = {
    user,
    item,
    context: user,
    weight: new Float32Array(user.length).fill(1),
    at: Float64Array.from(user.keys()),
  };
  const {
    train: before,
    seen,
    relevant,
  } = innerSplit(splitOf({ itemCount: 4, train, seen: [], relevant: [] }), 4 / 9);
  assert.equal(before.at.length, 5);
  assert.deepEqual([...seen.get(1)!], [0, 2]);
  assert.deepEqual([...relevant], [[0, new Set([2])]]);
});
