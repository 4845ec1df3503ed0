import * as tf from '@tensorflow/tfjs-node';
import type { ExampleBatch } from './batches.ts';

/**
 * Max-margin loss (PinSage, KDD 2018, §3.2): the mean over queries and their negatives of
 * max{0, z_q·z_n − z_q·z_i + Δ}. A negative that is the query or its positive does not count.
 * `embeddings` holds a row for each of the batch's targets. Must run inside `tf.tidy` or a gradient.
 */
export function marginLoss(embeddings: tf.Tensor2D, batch: ExampleBatch, margin: number): tf.Scalar {
  const query = tf.tensor1d(batch.query, 'int32');
  const positive = tf.tensor1d(batch.positive, 'int32');
  const queries = tf.gather(embeddings, query);
  const positiveScores = tf.sum(tf.mul(queries, tf.gather(embeddings, positive)), 1, true);

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
  const counts = tf
    .logicalAnd(tf.notEqual(ids, query.expandDims(1)), tf.notEqual(ids, positive.expandDims(1)))
    .toFloat();
  const hinge = tf.relu(tf.add(tf.sub(tf.concat2d(scores, 1), positiveScores), margin));
  return tf.div(tf.sum(tf.mul(hinge, counts)), tf.maximum(tf.sum(counts), 1)).asScalar();
}
