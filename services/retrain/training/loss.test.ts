import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { createRandom } from '#algorithms/random.ts';
import { dot, normaliseInPlace, row } from '#algorithms/vectors.ts';
import type { ExampleBatch } from './batches.ts';
import { marginLoss } from './loss.ts';

const dim = 3;

function unitRows(count: number): Float32Array {
  const random = createRandom('rows');
  const rows = Float32Array.from({ length: count * dim }, () => random.normal());
  for (let i = 0; i < count; i++) normaliseInPlace(row(rows, i, dim));
  return rows;
}

/** Oracle: the mean of the hinges, one query and negative at a time. */
function plainLoss(embeddings: Float32Array, batch: ExampleBatch, margin: number): number {
  const score = (a: number, b: number) => dot(row(embeddings, a, dim), row(embeddings, b, dim));
  const hardPerQuery = batch.hard.length / batch.query.length;
  const hinges: number[] = [];
  for (const [i, query] of batch.query.entries()) {
    const positive = batch.positive[i]!;
    const own = batch.hard.subarray(i * hardPerQuery, (i + 1) * hardPerQuery);
    for (const negative of [...batch.negatives, ...own]) {
      if (negative === query || negative === positive) continue;
      hinges.push(Math.max(0, score(query, negative) - score(query, positive) + margin));
    }
  }
  return hinges.reduce((sum, hinge) => sum + hinge, 0) / Math.max(1, hinges.length);
}

function lossOf(embeddings: Float32Array, batch: ExampleBatch, margin: number): number {
  const before = tf.memory().numTensors;
  const loss = tf.tidy(() =>
    marginLoss(tf.tensor2d(embeddings, [embeddings.length / dim, dim]), batch, margin),
  );
  const value = loss.dataSync()[0]!;
  loss.dispose();
  assert.equal(tf.memory().numTensors, before);
  return value;
}

describe('max-margin loss', () => {
  const embeddings = unitRows(8);
  const batch: ExampleBatch = {
    targets: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
    query: Int32Array.of(0, 1, 2),
    positive: Int32Array.of(3, 4, 0),
    // 0 is a query and a positive, 4 a positive: neither counts against its own query.
    negatives: Int32Array.of(0, 4, 5, 6),
    hard: new Int32Array(),
  };

  it('is the mean hinge over the negatives that are neither query nor positive', () => {
    assert.ok(Math.abs(lossOf(embeddings, batch, 0.1) - plainLoss(embeddings, batch, 0.1)) < 1e-5);
  });

  it('counts each query’s own hard negatives, and not a missing one', () => {
    const hard = Int32Array.of(7, 5, 1, 6, 7, 7);
    const harder = { ...batch, hard };
    assert.ok(Math.abs(lossOf(embeddings, harder, 0.3) - plainLoss(embeddings, harder, 0.3)) < 1e-5);
    assert.notEqual(lossOf(embeddings, harder, 0.3), lossOf(embeddings, batch, 0.3));
  });

  it('is zero without any negative that counts', () => {
    const only = {
      ...batch,
      query: Int32Array.of(0),
      positive: Int32Array.of(4),
      negatives: Int32Array.of(0, 4),
    };
    assert.equal(lossOf(embeddings, only, 0.1), 0);
  });
});
