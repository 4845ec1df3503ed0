import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { createRandom } from '#algorithms/random.ts';
import { SEQUENCE_NETWORKS } from '#algorithms/sequence/network.ts';
import { columnsOf } from '../fixture.testing.ts';
import { nextItemScores } from './next-items.ts';
import { DEFAULT_SEQUENCE_CONFIG, type SequenceConfig, trainSequence } from './train-sequence.ts';

const ITEMS = 24;
const CONFIG: SequenceConfig = {
  ...DEFAULT_SEQUENCE_CONFIG,
  dim: 8,
  lookBack: 4,
  horizon: 2,
  horizonDecay: 2,
  dropout: 0,
  batch: 32,
  negatives: 8,
  epochs: 4,
  stepsPerEpoch: 40,
  learningRate: 0.03,
  heldOutSteps: 200,
};

/** Users who begin anywhere and go on to the next items, so that the latest item alone determines what follows. */
function chains(users = 200): ActionColumns {
  const random = createRandom('chains');
  return columnsOf(
    Array.from({ length: users }, (_, user) => {
      const start = random.integer(ITEMS);
      return Array.from({ length: 6 }, (_, i) => ({
        user,
        context: user,
        item: (start + i) % ITEMS,
        at: user * 100 + i,
      }));
    }).flat(),
  );
}

describe('the training of the model of sequences', () => {
  const input = { itemCount: ITEMS, features: undefined, actions: chains(), seed: 1 };

  for (const network of SEQUENCE_NETWORKS)
    it(`the training of sequences learns what follows, and measures it on the newest actions: ${network}`, async () => {
      const tensors = tf.memory().numTensors;
      const { model, heldOut, lossByEpoch } = await trainSequence(input, { ...CONFIG, network });
      assert.equal(model.network.kind, network);
      assert.equal(tf.memory().numTensors, tensors, 'no tensor is left behind');
      assert.equal(lossByEpoch.length, CONFIG.epochs + 1);
      assert.ok(lossByEpoch.at(-1)! < lossByEpoch[0]!);
      assert.ok(heldOut.steps > 50);
      let found = 0;
      for (let item = 0; item < ITEMS; item++) {
        const scores = nextItemScores(model, [(item + ITEMS - 1) % ITEMS, item], ITEMS);
        const best = scores.indexOf(Math.max(...scores));
        if (best === (item + 1) % ITEMS) found += 1;
      }
      assert.ok(found >= 0.8 * ITEMS, `${found} of ${ITEMS} successors`);
    });

  it('the same seed gives the same model, and features are read where they are known', async () => {
    const short = { ...CONFIG, epochs: 1, stepsPerEpoch: 3 };
    const first = await trainSequence(input, short);
    assert.deepEqual((await trainSequence(input, short)).model, first.model);
    const features = { width: 2, values: Float32Array.from({ length: 2 * ITEMS }, (_, i) => Math.sin(i)) };
    const informed = await trainSequence({ ...input, features }, short);
    assert.notDeepEqual(informed.model.vectors, first.model.vectors);
  });

  it('heads that do not divide the vectors are refused', async () => {
    const odd: SequenceConfig = { ...CONFIG, network: 'attention', heads: 3 };
    await assert.rejects(trainSequence(input, odd), /3 heads do not divide 8 numbers/);
  });

  it('a log without sequences, and a loss that is not finite, fail with a reason', async () => {
    const alone = columnsOf([{ user: 0, context: 0, item: 0, at: 0 }]);
    await assert.rejects(trainSequence({ ...input, actions: alone }, CONFIG), /no user took two items/);
    const diverging = { ...CONFIG, learningRate: Number.NaN, epochs: 3 };
    await assert.rejects(trainSequence(input, diverging), /the loss is (NaN|-?Infinity)/);
  });
});
