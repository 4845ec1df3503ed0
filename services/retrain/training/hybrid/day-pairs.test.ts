import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { createDayPairs } from './day-pairs.ts';

const DAY = 86_400_000;
/** User 0 takes 1, 2 and 3 on one day and 4 on the next, user 1 takes 4 and 5 on one day, and 5 twice. */
const actions = {
  user: Int32Array.of(0, 1, 0, 0, 0, 1, 1),
  item: Int32Array.of(1, 4, 2, 4, 3, 5, 5),
  at: Float64Array.of(5, 6, 7, DAY + 1, 9, 10, 11),
};

describe('pairs of items of one user and day', () => {
  it('each item of a day is paired with each other one of the same user and day, and with no other item', () => {
    const pairs = createDayPairs(actions);
    assert.equal(pairs.count, 5);
    const { left, right } = pairs.draw(2_000, createRandom('pairs'));
    const drawn = new Set(Array.from(left, (item, i) => `${item} ${right[i]}`));
    const expected = ['1 2', '1 3', '2 1', '2 3', '3 1', '3 2', '4 5', '5 4'];
    assert.deepEqual([...drawn].sort(), expected);
  });

  it('items that do not count are in no pair, and a day with one item has none', () => {
    const pairs = createDayPairs(actions, (item) => item >= 3);
    assert.equal(pairs.count, 2);
    const none = createDayPairs(actions, (item) => item === 1);
    assert.equal(none.draw(5, createRandom(1)).left.length, 0);
  });
});
