import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { type Edge, graphOf } from './graph.testing.ts';
import { createHardNegatives, createNegativeSampler, hardNegativesInEpoch } from './negatives.ts';
import { createWalker } from './walks.ts';

function randomGraph(itemCount: number, edgeCount: number) {
  const random = createRandom('graph');
  const edges = Array.from(
    { length: edgeCount },
    (): Edge => [random.integer(itemCount), random.integer(itemCount), 1],
  );
  return graphOf(itemCount, edges);
}

describe('shared negatives', () => {
  it('shared negatives are drawn in proportion to the damped popularity', () => {
    const popularity = [0, 15, 80];
    const drawn = createNegativeSampler(popularity, 0.5).sample(60_000, createRandom(5));
    const weights = popularity.map((count) => Math.sqrt(count + 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [item, weight] of weights.entries()) {
      const share = drawn.filter((negative) => negative === item).length / drawn.length;
      assert.ok(Math.abs(share - weight / total) < 0.01, `item ${item} has share ${share}`);
    }
  });

  it('shared negatives are uniform at power 0', () => {
    const drawn = createNegativeSampler([1000, 0], 0).sample(20_000, createRandom(5));
    const share = drawn.filter((negative) => negative === 0).length / drawn.length;
    assert.ok(Math.abs(share - 0.5) < 0.02);
  });

  it('an empty catalogue is rejected', () => {
    assert.throws(() => createNegativeSampler([]), /No items/);
  });
});

describe('hard negatives', () => {
  const walk = { steps: 400, restart: 0.3 };

  it('hard negatives lie in the rank band of their item', () => {
    const graph = randomGraph(60, 300);
    const options = { ...walk, fromShare: 0.2, toShare: 0.5, size: 6 };
    const hard = createHardNegatives(graph, options, createRandom('hard'));
    const walker = createWalker(graph, walk);
    for (let item = 59; item >= 0; item--) {
      const ranked = walker.visits(item, createRandom('hard').fork(item)).items;
      const band = new Set(ranked.subarray(12, 30));
      const row = hard.candidatesOf(item);
      assert.deepEqual(hard.candidatesOf(item), row, 'the same at every call');
      assert.equal(row.length, Math.min(6, band.size));
      assert.equal(new Set(row).size, row.length);
      assert.ok(row.every((candidate) => band.has(candidate)));
    }
  });

  it('hard negatives are missing if the walk does not reach the band', () => {
    const graph = randomGraph(60, 300);
    const options = { steps: 2, restart: 0.5, fromShare: 0.2, toShare: 0.5, size: 6 };
    const hard = createHardNegatives(graph, options, createRandom(1));
    for (let item = 0; item < 60; item++) assert.equal(hard.candidatesOf(item).length, 0);
  });

  it('a band outside the catalogue is rejected', () => {
    const graph = randomGraph(5, 5);
    for (const [fromShare, toShare] of [
      [0.5, 0.2],
      [-0.1, 0.2],
      [0.5, 1.1],
    ] as const) {
      assert.throws(
        () => createHardNegatives(graph, { ...walk, fromShare, toShare, size: 1 }, createRandom(1)),
        RangeError,
      );
    }
  });

  it('the number of hard negatives grows by one per epoch, from none', () => {
    assert.deepEqual([1, 2, 3].map(hardNegativesInEpoch), [0, 1, 2]);
  });
});
