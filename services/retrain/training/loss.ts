import * as tf from '@tensorflow/tfjs-node';
import type { ExampleBatch } from './batches.ts';
import { relu } from './relu.ts';

/** The loss function: PinSage's own, or GraphSAGE's, with which PinSage is compared (KDD 2018, §4.2). */
export type Loss = 'max-margin' | 'cross-entropy';

export interface LossOptions {
  readonly loss: Loss;
  /** Δ of the max-margin loss. */
  readonly margin: number;
  /** τ of the cross-entropy. */
  readonly temperature: number;
}

/**
 * The loss of a batch. `embeddings` holds a row for each of the batch's targets. A negative that is the query or its
 * positive does not count. Must run inside `tf.tidy` or a gradient.
 */
export function batchLoss(embeddings: tf.Tensor2D, batch: ExampleBatch, options: LossOptions): tf.Scalar {
  const scores = scoresOf(embeddings, batch);
  return options.loss === 'max-margin'
    ? marginLoss(scores, options.margin)
    : crossEntropy(scores, options.temperature);
}

interface Scores {
  /** B × 1: z_q·z_i. */
  readonly positive: tf.Tensor2D;
  /** B × N: z_q·z_n, first of the shared negatives, then of the query's own. */
  readonly negative: tf.Tensor2D;
  /** B × N: 1 if the negative counts, else 0. */
  readonly counts: tf.Tensor2D;
}

/** Max-margin loss (PinSage, KDD 2018, §3.2): the mean of max{0, z_q·z_n − z_q·z_i + Δ} over queries and negatives. */
function marginLoss({ positive, negative, counts }: Scores, margin: number): tf.Scalar {
  return meanOver(counts, relu(tf.add(tf.sub<tf.Tensor2D>(negative, positive), margin)));
}

/**
 * Cross-entropy of classifying positives and negatives (GraphSAGE, Hamilton, Ying and Leskovec 2017, Equation 1):
 * −log σ(z_q·z_i / τ) − mean of log σ(−z_q·z_n / τ). Both terms have the same weight (Q = 1 there): rows of length 1
 * have scores of at most 1, so a sum over hundreds of negatives would outweigh the positive.
 */
function crossEntropy({ positive, negative, counts }: Scores, temperature: number): tf.Scalar {
  const missed = tf.mean(tf.softplus(tf.div(positive, -temperature)));
  return tf.add(missed, meanOver(counts, tf.softplus(tf.div(negative, temperature))));
}

function meanOver(counts: tf.Tensor2D, values: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, counts)), tf.maximum(tf.sum(counts), 1));
}

function scoresOf(embeddings: tf.Tensor2D, batch: ExampleBatch): Scores {
  const query = tf.tensor1d(batch.query, 'int32');
  const positive = tf.tensor1d(batch.positive, 'int32');
  const queries = tf.gather(embeddings, query);
  const shared = tf.tensor1d(batch.negatives, 'int32');
  const scores: tf.Tensor2D[] = [tf.matMul(queries, tf.gather(embeddings, shared), false, true)];
  const negatives: tf.Tensor2D[] = [tf.tile(shared.expandDims<tf.Tensor2D>(0), [batch.query.length, 1])];
  if (batch.hard.length > 0) {
    const hard = tf.tensor2d(
      batch.hard,
      [batch.query.length, batch.hard.length / batch.query.length],
      'int32',
    );
    const vectors = tf.gather(embeddings, hard) as tf.Tensor;
    scores.push(tf.sum(tf.mul(queries.expandDims(1), vectors), 2));
    negatives.push(hard);
  }
  const ids = tf.concat2d(negatives, 1);
  return {
    positive: tf.sum<tf.Tensor2D>(tf.mul(queries, tf.gather(embeddings, positive)), 1, true),
    negative: tf.concat2d(scores, 1),
    counts: tf.cast(
      tf.logicalAnd(tf.notEqual(ids, query.expandDims(1)), tf.notEqual(ids, positive.expandDims(1))),
      'float32',
    ),
  };
}
