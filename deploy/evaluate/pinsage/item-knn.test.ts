import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recommendByItemKnn } from './item-knn.ts';
import { splitOf } from './split.testing.ts';

/** Item 0 occurs with 1 twice and with 2 once; users of 2 like 3. */
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
  it('neighbours are ranked by the cosine of the sets of users, without items that never occur together', () => {
    const [first, second, ...others] = recommendByItemKnn(split, flat, 10).get(4)!;
    assert.deepEqual([first, second], [1, 2]);
    assert.ok(!others.includes(0));
  });

  it('only the k nearest count, and scores may be multiplied by popularity', () => {
    const nearest = recommendByItemKnn(split, Float64Array.of(1, 1, 9, 1, 1), 1).get(4)!;
    assert.equal(nearest[0], 1);
    const weighed = recommendByItemKnn(split, Float64Array.of(1, 1, 9, 1, 1), 10).get(4)!;
    assert.equal(weighed[0], 2);
  });
});
