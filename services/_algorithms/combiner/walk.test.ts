import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walkBaskets } from './walk.ts';

const DAY = 86_400_000;

test('a basket is asked for before it is taken in, and only its new and known items are to be found', () => {
  // Basket 1: user 0 takes items 0 and 1. Basket 2: user 1 takes 2. Then user 0 takes 1, 2 and 9, and later 2 and 0 again.
  const rows = [
    [0, 0, 1, 0],
    [0, 1, 1, 0],
    [1, 2, 2, 1],
    [0, 1, 3, 100],
    [0, 2, 3, 100],
    [0, 9, 3, 100],
    [0, 2, 4, 101],
    [0, 0, 4, 101],
    [1, 0, 5, 102],
  ] as const;
  const column = (place: 0 | 1 | 2) => Int32Array.from(rows, (row) => row[place]);
  const actions = {
    user: column(0),
    item: column(1),
    context: column(2),
    weight: new Float32Array(rows.length).fill(1),
    at: Float64Array.from(rows, (row) => row[3] * DAY),
  };
  const baskets = [...walkBaskets(actions, 3)].map(({ user, fresh, window, taken }) => ({
    user,
    fresh: [...fresh],
    window: [...window],
    taken: [...taken],
  }));
  assert.deepEqual(baskets, [
    { user: 0, fresh: [2], window: [], taken: [0, 1] },
    { user: 1, fresh: [0], window: [], taken: [2] },
  ]);
  const later = [...walkBaskets(actions, 6)];
  assert.equal(later.length, 1, 'user 0 has taken every item of basket 4 before');
  assert.deepEqual([...walkBaskets(actions, 3, { isAsked: (user) => user === 1 })].length, 1);
});
