import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { createRandom } from '#algorithms/random.ts';
import { dot, normaliseInPlace, row } from '#algorithms/vectors.ts';
import type { ExampleBatch } from './batches.ts';
import { batchLoss, type LossOptions } from './loss.ts';

const dim = 3;

function unitRows(count: number): Float32Array {
  const random = createRandom('rows');
  const rows = Float32Array.from({ length: count * dim }, () => random.normal());
  for (let i = 0; i < count; i++) normaliseInPlace(row(rows, i, dim));
  return rows;
}

const margin: LossOptions = { loss: 'max-margin', margin: 0.3, temperature: 1 };
const entropy: LossOptions = { loss: 'cross-entropy', margin: 0.3, temperature: 0.5 };

/** Oracle: one query and negative at a time. */
function plainLoss(embeddings: Float32Array, batch: ExampleBatch, options: LossOptions): number {
  const score = (a: number, b: number) => dot(row(embeddings, a, dim), row(embeddings, b, dim));
  const hardPerQuery = batch.hard.length / batch.query.length;
  const missed: number[] = [];
  const taken: number[] = [];
  for (const [i, query] of batch.query.entries()) {
    const positive = batch.positive[i]!;
    const own = batch.hard.subarray(i * hardPerQuery, (i + 1) * hardPerQuery);
    missed.push(-logSigmoid(score(query, positive) / options.temperature));
    for (const negative of [...batch.negatives, ...own]) {
      if (negative === query || negative === positive) continue;
      taken.push(
        options.loss === 'max-margin'
          ? Math.max(0, score(query, negative) - score(query, positive) + options.margin)
          : -logSigmoid(-score(query, negative) / options.temperature),
      );
    }
  }
  return options.loss === 'max-margin' ? mean(taken) : mean(missed) + mean(taken);
}

function logSigmoid(value: number): number {
  return -Math.log1p(Math.exp(-value));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function lossOf(embeddings: Float32Array, batch: ExampleBatch, options: LossOptions): number {
  const before = tf.memory().numTensors;
  const loss = tf.tidy(() =>
    batchLoss(tf.tensor2d(embeddings, [embeddings.length / dim, dim]), batch, options),
  );
  const value = loss.dataSync()[0]!;
  loss.dispose();
  assert.equal(tf.memory().numTensors, before);
  return value;
}

function gradientOf(embeddings: Float32Array, batch: ExampleBatch, options: LossOptions): Float32Array {
  const gradient = tf.tidy(() =>
    tf.grad((rows: tf.Tensor) => batchLoss(rows as tf.Tensor2D, batch, options))(
      tf.tensor2d(embeddings, [embeddings.length / dim, dim]),
    ),
  );
  const values = Float32Array.from(gradient.dataSync());
  gradient.dispose();
  return values;
}

const embeddings = unitRows(8);
const batch: ExampleBatch = {
  targets: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
  query: Int32Array.of(0, 1, 2),
  positive: Int32Array.of(3, 4, 0),
  // 0 is a query and a positive, 4 a positive: neither counts against its own query.
  negatives: Int32Array.of(0, 4, 5, 6),
  hard: new Int32Array(),
};
const harder: ExampleBatch = { ...batch, hard: Int32Array.of(7, 5, 1, 6, 7, 7) };

for (const options of [margin, entropy]) {
  describe(`${options.loss} loss`, () => {
    it('the loss is the mean over the negatives that are neither query nor positive', () => {
      assert.ok(Math.abs(lossOf(embeddings, batch, options) - plainLoss(embeddings, batch, options)) < 1e-5);
    });

    it('the loss counts each query’s own hard negatives, and not a missing one', () => {
      assert.ok(
        Math.abs(lossOf(embeddings, harder, options) - plainLoss(embeddings, harder, options)) < 1e-5,
      );
      assert.notEqual(lossOf(embeddings, harder, options), lossOf(embeddings, batch, options));
    });

    it('the gradient equals finite differences', () => {
      for (const [i, analytic] of gradientOf(embeddings, harder, options).entries()) {
        const shifted = (step: number) =>
          plainLoss(
            embeddings.map((value, j) => (j === i ? value + step : value)),
            harder,
            options,
          );
        const numeric = (shifted(1e-3) - shifted(-1e-3)) / 2e-3;
        assert.ok(Math.abs(numeric - analytic) < 1e-3, `${i}: ${analytic}, ${numeric} by differences`);
      }
    });

    it('without countable negatives the loss is that of the positives alone', () => {
      const only = { ...batch, query: Int32Array.of(0), positive: Int32Array.of(4) };
      const lone = { ...only, negatives: Int32Array.of(0, 4) };
      assert.ok(Math.abs(lossOf(embeddings, lone, options) - plainLoss(embeddings, lone, options)) < 1e-6);
      if (options.loss === 'max-margin') assert.equal(lossOf(embeddings, lone, options), 0);
    });
  });
}
