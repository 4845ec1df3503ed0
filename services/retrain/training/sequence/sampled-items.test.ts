import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { createItemSampler } from './sampled-items.ts';

describe('the items of a sampled softmax', () => {
  it('sampled items are distinct, and drawn as often as their correction says', () => {
    const popularity = Array.from({ length: 60 }, (_, item) => 60 - item);
    const sample = createItemSampler(popularity, 0.75);
    const random = createRandom('sampled');
    const draws = 4_000;
    const drawn = new Float64Array(60);
    const expected = new Float64Array(60);
    for (let draw = 0; draw < draws; draw++) {
      const { items, logExpected } = sample(10, random);
      assert.equal(new Set(items).size, 10);
      for (const item of items) drawn[item]! += 1 / draws;
      logExpected.forEach((one, item) => {
        expected[item]! += Math.exp(one) / draws;
      });
    }
    // Five standard errors of a share of at most ½ are .04.
    for (let item = 0; item < 60; item++)
      assert.ok(
        Math.abs(drawn[item]! - expected[item]!) < 0.04,
        `item ${item}: ${drawn[item]} ${expected[item]}`,
      );
  });

  it('a small catalogue is taken whole, without a correction', () => {
    const { items, logExpected } = createItemSampler([5, 0, 1], 0.75)(2, createRandom(1));
    assert.deepEqual([...items], [0, 1, 2]);
    assert.deepEqual([...logExpected], [0, 0, 0]);
  });
});
