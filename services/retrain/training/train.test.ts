import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { embedNew } from '#algorithms/pinsage/embed.ts';
import { decodeWeights, encodeWeights } from '#algorithms/pinsage/weights.ts';
import { norm, row } from '#algorithms/vectors.ts';
import { columnsOf, communityInput, TINY_CONFIG } from './fixture.testing.ts';
import { inferAll } from './infer.ts';
import type { EpochReport } from './optimise.ts';
import { type TrainInput, type TrainResult, trainPinSage } from './train.ts';
import { createVariables, variableList } from './variables.ts';

const { dim } = TINY_CONFIG;
const failure = (reason: RegExp) => (error: Error & { code?: string }) =>
  error.code === 'training.failed' && reason.test(error.message);

/** The features that the embeddings were computed from: those of the input, at the places of the training. */
function placedFeatures({ features, itemCount, structure }: TrainInput, { places }: TrainResult) {
  const placed = Float32Array.from(features);
  for (let item = 0; item < itemCount; item++) {
    placed.set(row(places, item, structure), (item * features.length) / itemCount);
  }
  return placed;
}

/** The latents of the items, by convolution. */
function latentsOf(
  { weights, neighbourhoods }: TrainResult,
  features: Float32Array,
): readonly Float32Array[] {
  const variables = createVariables(weights);
  const width = weights.shape.features;
  const matrix = tf.tensor2d(features, [features.length / width, width]);
  const { latents } = inferAll(variables, matrix, neighbourhoods);
  tf.dispose([matrix, ...variableList(variables)]);
  return latents;
}

describe('trainPinSage', () => {
  const input = communityInput();
  let trained: TrainResult;
  const reports: EpochReport[] = [];
  const tensorsAfterEpoch: number[] = [];
  let tensorsBefore: number;

  before(async () => {
    tensorsBefore = tf.memory().numTensors;
    trained = await trainPinSage(input, (report) => {
      reports.push(report);
      tensorsAfterEpoch.push(tf.memory().numTensors);
    });
  });

  it('finds held-out positives far better than the content alone', () => {
    const { learned, contentOnly } = trained.metrics;
    assert.ok(learned.pairs > 100);
    assert.ok(
      learned.hitRateAt10 > 1.5 * contentOnly.hitRateAt10,
      `${learned.hitRateAt10} learned, ${contentOnly.hitRateAt10} by content`,
    );
  });

  it('reports each epoch and the counts of the training', () => {
    assert.deepEqual(
      reports.map(({ epoch }) => epoch),
      [1, 2, 3],
    );
    const { lossByEpoch, examples, pairs, seconds } = trained.metrics;
    assert.deepEqual(
      lossByEpoch,
      reports.map(({ loss }) => loss),
    );
    assert.equal(examples, 3 * Math.min(TINY_CONFIG.examplesPerEpoch, pairs));
    assert.ok(seconds > 0);
  });

  it('returns centred embeddings of length one, with the α to cluster them', () => {
    const { embeddings, weights, alpha } = trained;
    assert.equal(embeddings.length, 72 * dim);
    assert.ok(norm(weights.mean) > 0);
    for (let item = 0; item < 72; item++) assert.ok(Math.abs(norm(row(embeddings, item, dim)) - 1) < 1e-5);
    assert.ok(alpha.table.some((entry) => entry.alpha === alpha.alpha));
  });

  it('embeds a trained item as a new one to the same vector, also with stored weights', () => {
    const { embeddings, weights, neighbourhoods } = trained;
    const features = placedFeatures(input, trained);
    const stored = decodeWeights(encodeWeights(weights));
    const { features: width, hidden } = weights.shape;
    const { size, neighbours, weights: importances } = neighbourhoods;
    const latents = latentsOf(trained, features);
    assert.deepEqual(trained.latents, latents);
    for (const item of [0, 31, 71]) {
      const ids = [...neighbours.subarray(item * size, (item + 1) * size)].filter((id) => id >= 0);
      const rows = (matrix: Float32Array, columns: number) =>
        Float32Array.from(ids.flatMap((id) => [...row(matrix, id, columns)]));
      const importance = importances.subarray(item * size, item * size + ids.length);
      const embedding = embedNew(stored, row(features, item, width), {
        importance,
        latents: latents.map((latent) => rows(latent, hidden)),
      });
      for (const [d, value] of row(embeddings, item, dim).entries()) {
        assert.ok(Math.abs(value - embedding[d]!) < 1e-4);
      }
    }
  });

  for (const variant of [
    { pooling: 'mean' },
    { pooling: 'max' },
    { loss: 'cross-entropy', temperature: 0.2 },
    { hardNegatives: false },
  ] as const) {
    it(`learns with ${JSON.stringify(variant)} too, with another result`, async () => {
      const other = await trainPinSage(communityInput({ config: { ...TINY_CONFIG, ...variant } }));
      const { learned, contentOnly } = other.metrics;
      assert.ok(learned.hitRateAt10 > 1.3 * contentOnly.hitRateAt10);
      // Not of the weights: where the first epoch is the best, those are of a time before hard negatives.
      assert.notDeepEqual(other.metrics.lossByEpoch, trained.metrics.lossByEpoch);
      assert.equal(other.weights.shape.pooling, 'pooling' in variant ? variant.pooling : 'importance');
    });
  }

  it('begins with the weights of another training, and its result is no worse', async () => {
    // With their places in the output, these items need no training.
    const indirect = { ...TINY_CONFIG, directPlaces: false };
    const { weights, anchors, metrics } = await trainPinSage(communityInput({ config: indirect }));
    const config = { ...indirect, seed: 2, epochs: 1, learningRate: 1e-9 };
    const later = await trainPinSage({ ...communityInput({ config }), warmStart: { weights, anchors } });
    assert.ok(later.metrics.learned.ndcg > 0.9 * metrics.learned.ndcg);
    const scratch = await trainPinSage(communityInput({ config }));
    assert.ok(later.metrics.learned.ndcg > 1.2 * scratch.metrics.learned.ndcg);
    const ruined = { ...config, learningRate: 10 };
    const kept = await trainPinSage({
      ...communityInput({ config: ruined }),
      warmStart: { weights, anchors },
    });
    assert.deepEqual(kept.weights.headOutput, weights.headOutput);
    assert.ok(Math.abs(kept.metrics.learned.ndcg - kept.metrics.warmStart!.ndcg) < 1e-6);
    assert.equal(scratch.metrics.warmStart, undefined);
  });

  it('rejects weights of another shape', async () => {
    const { weights, anchors } = trained;
    const config = { ...TINY_CONFIG, hidden: 8 };
    await assert.rejects(
      trainPinSage({ ...communityInput({ config }), warmStart: { weights, anchors } }),
      /"hidden":16.* are not .*"hidden":8/,
    );
  });

  it('holds as many tensors after each epoch as after the first, and none at the end', () => {
    assert.deepEqual(new Set(tensorsAfterEpoch).size, 1);
    assert.equal(tf.memory().numTensors, tensorsBefore);
  });

  it('has the same result under the same seed', async () => {
    const again = await trainPinSage(communityInput());
    for (const [i, value] of trained.embeddings.entries()) {
      assert.ok(Math.abs(value - again.embeddings[i]!) < 1e-3);
    }
  });

  it('has another result under another seed', async () => {
    const other = await trainPinSage(communityInput({ config: { ...TINY_CONFIG, seed: 2, epochs: 1 } }));
    assert.notDeepEqual(other.weights.headOutput, trained.weights.headOutput);
  });

  it('stops when its seconds are over and still embeds the whole catalogue', async () => {
    const config = { ...TINY_CONFIG, epochs: 1000, patience: 1000, secondsBudget: 0.2 };
    const { embeddings, metrics } = await trainPinSage(communityInput({ config }));
    assert.ok(metrics.lossByEpoch.length < 1000);
    assert.equal(embeddings.length, 72 * config.dim);
  });

  it('stops early when the held-out figures get no better', async () => {
    const seen: EpochReport[] = [];
    const config = { ...TINY_CONFIG, epochs: 30, patience: 1 };
    const { metrics } = await trainPinSage(communityInput({ config }), (report) => seen.push(report));
    assert.ok(seen.length < 30);
    const best = Math.max(...seen.map(({ heldOut }) => heldOut.ndcg));
    assert.ok(Math.abs(metrics.learned.ndcg - best) < 1e-3, 'the best epoch is the one that is kept');
  });

  it('trains a catalogue of three items, one of them without any context', async () => {
    const actions = columnsOf(
      [0, 1, 0, 1, 0, 1].map((item, i) => ({ user: 0, context: Math.floor(i / 2), item, at: i })),
    );
    const features = Float32Array.of(1, 0, 0, 1, 1, 1);
    const { embeddings } = await trainPinSage({
      itemCount: 3,
      features,
      structure: 0,
      actions,
      config: TINY_CONFIG,
    });
    assert.equal(embeddings.length, 3 * TINY_CONFIG.dim);
    assert.ok(embeddings.every(Number.isFinite));
  });

  it('rejects actions that contain no pairs', async () => {
    const nobody = { ...communityInput(), actions: columnsOf([]) };
    await assert.rejects(trainPinSage(nobody), failure(/0 actions on 72 items contain no training pairs/));
    const once = { ...communityInput(), actions: columnsOf([{ user: 0, context: 0, item: 3, at: 1 }]) };
    await assert.rejects(trainPinSage(once), failure(/1 actions on 72 items contain no training pairs/));
  });

  it('reports a diverging loss, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const config = { ...TINY_CONFIG, learningRate: 1e30 };
    await assert.rejects(
      trainPinSage(communityInput({ config })),
      failure(/lower the learning rate \(1e\+30\)/),
    );
    assert.equal(tf.memory().numTensors, before);
  });

  it('rejects features that are not finite, and indices out of range', async () => {
    const broken = communityInput();
    broken.features[5] = Number.NaN;
    await assert.rejects(trainPinSage(broken), /Feature 5 of item 0 is NaN/);
    const small = communityInput();
    small.actions.item[0] = 72;
    await assert.rejects(trainPinSage(small), /names item 72 of 72/);
  });
});
