import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recommendByItemKnn } from './item-knn.ts';
import { splitOf } from './split.testing.ts';

/** Item 0 goes with 1 twice and with 2 once; 3 is liked by those who took 2. */
const split = splitOf({
  itemCount: 5,
  seen: [
    [1, [0, 1]],
    [2, [0, 1, 2]],
    [3, [2, 3]],
    [4, [0]],
  ],
  relevant: [[4, [1]]],
});
const flat = new Float64Array(5).fill(1);

describe('item-based neighbours', () => {
  it('recommend by cosine of the sets of users, the nearest first, and nothing that was never taken with it', () => {
    const [first, second, ...others] = recommendByItemKnn(split, flat, 10).get(4)!;
    assert.deepEqual([first, second], [1, 2]);
    assert.ok(!others.includes(0));
  });

  it('look at the k nearest alone, and may be weighed by popularity', () => {
    const nearest = recommendByItemKnn(split, Float64Array.of(1, 1, 9, 1, 1), 1).get(4)!;
    assert.equal(nearest[0], 1);
    const weighed = recommendByItemKnn(split, Float64Array.of(1, 1, 9, 1, 1), 10).get(4)!;
    assert.equal(weighed[0], 2);
  });
});
