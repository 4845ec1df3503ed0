import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { createRandom } from '#algorithms/random.ts';
import { dot, row } from '#algorithms/vectors.ts';
import { columnsOf } from '../fixture.testing.ts';
import { createDayPairs } from './day-pairs.ts';
import { DEFAULT_HYBRID_CONFIG, type HybridConfig, type HybridInput, trainHybrid } from './train-hybrid.ts';

const GROUPS = 5;
const ITEMS = 60;
const DIM = 8;
const CONFIG: HybridConfig = {
  ...DEFAULT_HYBRID_CONFIG,
  dim: DIM,
  hidden: 16,
  batch: 64,
  negatives: 20,
  partSteps: 30,
  combinationSteps: 40,
  jointSteps: 40,
  learningRate: 0.02,
};

/** Users take items of one group on a day. One part hints at the group and is unknown of some items; the other is noise. */
function input(seed = 1): HybridInput {
  const random = createRandom('hybrid groups');
  const hint = Float32Array.from({ length: ITEMS * GROUPS }, (_, i) => {
    const item = Math.floor(i / GROUPS);
    if (item % 7 === 6) return 0;
    return (i % GROUPS === item % GROUPS ? 1 : 0) + 0.3 * random.normal();
  });
  const noise = Float32Array.from({ length: ITEMS * 4 }, () => random.normal());
  const actions = columnsOf(
    Array.from({ length: 900 }, (_, i) => {
      const day = Math.floor(i / 3);
      const item = (day % GROUPS) + GROUPS * random.integer(ITEMS / GROUPS);
      return { user: day % 30, context: day, item, at: day * 86_400_000 };
    }),
  );
  const popularity = new Int32Array(ITEMS).fill(15);
  const parts = [
    { name: 'hint', width: GROUPS, values: hint },
    { name: 'noise', width: 4, values: noise },
  ];
  return { itemCount: ITEMS, parts, pairs: createDayPairs(actions), popularity, seed };
}

/** Mean cosine within a group less that between groups, of items of which the hint is known. */
function separation(vectors: Float32Array): number {
  const sums = [0, 0];
  const counts = [0, 0];
  for (let a = 0; a < ITEMS; a++)
    for (let b = 0; b < a; b++) {
      if (a % 7 === 6 || b % 7 === 6) continue;
      const kind = a % GROUPS === b % GROUPS ? 0 : 1;
      sums[kind]! += dot(row(vectors, a, DIM), row(vectors, b, DIM));
      counts[kind]! += 1;
    }
  return sums[0]! / counts[0]! - sums[1]! / counts[1]!;
}

describe('the training of hybrid vectors', () => {
  for (const change of [{}, { staged: false }, { attention: false }]) {
    it(`items that are taken together lie together with ${JSON.stringify(change)}`, async () => {
      const tensors = tf.memory().numTensors;
      const { vectors, losses } = await trainHybrid(input(), { ...CONFIG, ...change });
      assert.equal(tf.memory().numTensors, tensors, 'no tensor is left behind');
      assert.equal(losses.length, 'staged' in change ? 1 : 4);
      assert.ok(separation(vectors) > 0.4, String(separation(vectors)));
      for (let item = 0; item < ITEMS; item++)
        assert.ok(Math.abs(Math.hypot(...row(vectors, item, DIM)) - 1) < 1e-4);
    });
  }

  it('the same seed gives the same vectors, and another seed gives others', async () => {
    const short = { ...CONFIG, partSteps: 2, combinationSteps: 2, jointSteps: 2 };
    const { vectors } = await trainHybrid(input(), short);
    assert.deepEqual((await trainHybrid(input(), short)).vectors, vectors);
    assert.notDeepEqual((await trainHybrid(input(2), short)).vectors, vectors);
  });

  it('actions without a pair, and a loss that is not finite, fail with a reason', async () => {
    const none = { ...input(), pairs: createDayPairs(columnsOf([{ user: 0, context: 0, item: 0, at: 0 }])) };
    await assert.rejects(trainHybrid(none, CONFIG), /no user took two items on one day/);
    await assert.rejects(trainHybrid(input(), { ...CONFIG, learningRate: Number.NaN }), /the loss is NaN/);
  });
});
