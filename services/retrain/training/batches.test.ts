import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createNegativeSampler } from '#algorithms/pinsage/negatives.ts';
import { createRandom } from '#algorithms/random.ts';
import { drawOrder, epochBatches } from './batches.ts';
import { learningRateAt } from './optimiser.ts';

const itemCount = 20;
const pairs = {
  query: Int32Array.from({ length: 90 }, (_, p) => p % itemCount),
  positive: Int32Array.from({ length: 90 }, (_, p) => (p * 3 + 1) % itemCount),
  at: new Float64Array(90),
};
const sampler = createNegativeSampler(new Array<number>(itemCount).fill(1));

describe('batches of an epoch', () => {
  it('an epoch holds every pair at most once, as positions in targets that are distinct', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(),
        (examples, batch, seed) => {
          const options = { batch, examples, negatives: 7, hardPerQuery: 0 };
          const left = Array.from(pairs.query, (query, p) => `${query}>${pairs.positive[p]}`);
          let seen = 0;
          for (const { targets, query, positive, negatives } of epochBatches(
            pairs,
            sampler,
            undefined,
            options,
            createRandom(seed),
          )) {
            assert.equal(new Set(targets).size, targets.length);
            assert.ok(query.length <= batch && negatives.length === 7);
            for (const [i, position] of query.entries()) {
              const found = left.indexOf(`${targets[position]}>${targets[positive[i]!]}`);
              assert.ok(found >= 0);
              left.splice(found, 1);
              seen++;
            }
          }
          assert.equal(seen, Math.min(examples, 90));
        },
      ),
    );
  });

  it('hard negatives are the query’s candidates, and the query itself if there are none', () => {
    const hardNegatives = {
      size: 2,
      candidatesOf: (item: number) => (item < 10 ? Int32Array.of(15, 16) : new Int32Array()),
    };
    const options = { batch: 30, examples: 90, negatives: 1, hardPerQuery: 3 };
    for (const { targets, query, hard } of epochBatches(
      pairs,
      sampler,
      hardNegatives,
      options,
      createRandom(1),
    )) {
      assert.equal(hard.length, query.length * 3);
      for (const [i, position] of hard.entries()) {
        const item = targets[query[Math.floor(i / 3)]!]!;
        assert.ok(item < 10 ? [15, 16].includes(targets[position]!) : targets[position] === item);
      }
    }
  });
});

describe('random order', () => {
  it('a random order is a permutation, or the beginning of one', () => {
    assert.deepEqual([...drawOrder(6, 9, createRandom(3))].sort(), [0, 1, 2, 3, 4, 5]);
    assert.equal(new Set(drawOrder(100, 40, createRandom(3))).size, 40);
  });
});

describe('learning rate', () => {
  it('the learning rate warms up through epoch 1 and then decays by its factor per epoch', () => {
    const schedule = { learningRate: 0.01, decay: 0.5 };
    assert.equal(learningRateAt(schedule, 1, 0.25), 0.0025);
    assert.equal(learningRateAt(schedule, 1, 1), 0.01);
    assert.equal(learningRateAt(schedule, 2, 0), 0.01);
    assert.equal(learningRateAt(schedule, 2, 1), 0.005);
    assert.equal(learningRateAt(schedule, 4, 0), 0.0025);
  });
});
