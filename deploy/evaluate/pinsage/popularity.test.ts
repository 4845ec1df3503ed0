import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestTakersByItem, recentTakersByItem, takersByItem } from './popularity.ts';
import { splitOf } from './split.testing.ts';

const DAY_MS = 86_400_000;

/** Users 1 and 2 took item 0, user 1 three times; item 1 was taken last. Nobody took item 2. */
const split = splitOf({
  itemCount: 3,
  train: {
    user: Int32Array.of(1, 1, 2, 1, 2),
    item: Int32Array.of(0, 0, 0, 0, 1),
    context: Int32Array.of(0, 1, 2, 3, 4),
    weight: new Float32Array(5).fill(1),
    at: Float64Array.of(0, 1 * DAY_MS, 10 * DAY_MS, 20 * DAY_MS, 30 * DAY_MS),
  },
  seen: [
    [1, [0]],
    [2, [0, 1]],
  ],
});

test('popularity counts users, not actions', () => {
  assert.deepEqual([...takersByItem(split)], [2, 1, 0]);
});

test('recent popularity halves with the time since each user last took the item', () => {
  assert.deepEqual([...recentTakersByItem(split, 10)], [0.5 + 0.25, 1, 0]);
});

test('the takers among the newest actions count once each, and no earlier action counts', () => {
  assert.deepEqual([...newestTakersByItem(split, 0.6)], [2, 1, 0]);
  assert.deepEqual([...newestTakersByItem(split, 0.2)], [0, 1, 0]);
});
