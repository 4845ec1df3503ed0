import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitOf } from '../pinsage/split.testing.ts';
import { contentParts, itemParts } from './item-parts.ts';
import { recommendByMean } from './recommend-by-mean.ts';

const START = Date.UTC(2026, 0, 1);

/** User 0 took item 0; items 1 and 2 are as popular as each other, and item 3 was taken by most users. */
const taken = [
  [0, 0],
  [1, 1],
  [1, 2],
  [2, 3],
  [3, 3],
] as const;
const split = splitOf({
  itemCount: 4,
  train: {
    user: Int32Array.from(taken, ([user]) => user),
    item: Int32Array.from(taken, ([, item]) => item),
    context: Int32Array.from(taken, ([user]) => user),
    weight: new Float32Array(taken.length).fill(1),
    at: Float64Array.from(taken, (_, i) => START + i),
  },
  seen: [[0, [0]]],
  relevant: [[0, [1]]],
});

describe('recommendations by the mean of what a user took', () => {
  it('items near the mean of what a user took come first, times popularity, and none that was taken or lies opposite', () => {
    const vectors = Float32Array.of(1, 0, 0.8, 0.6, 0.6, 0.8, -1, 0);
    assert.deepEqual(recommendByMean(split, vectors, 2).get(0), [1, 2]);
    const popular = Float32Array.of(1, 0, 0.8, 0.6, 0.6, 0.8, 0.8, -0.6);
    assert.equal(recommendByMean(split, popular, 2).get(0)?.[0], 3);
  });

  it('the parts of an item are its categories, its text, and what users did', () => {
    const catalogue = new Map([['a', { itemId: 'a', title: 'green tea', categories: ['food'] }]]);
    const content = contentParts(['a', 'b'], catalogue);
    assert.deepEqual(
      content.map(({ name }) => name),
      ['labels', 'text'],
    );
    const factors = {
      rank: 2,
      units: Float32Array.of(1, 0, 0, 1),
      fold: new Float64Array(2),
      offer: new Float64Array(2),
    };
    assert.deepEqual(
      itemParts(content, factors).map(({ name, width }) => [name, width]),
      [
        ['behaviour', 2],
        ['labels', 128],
        ['text', 64],
      ],
    );
  });
});
