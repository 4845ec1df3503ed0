import * as tf from '@tensorflow/tfjs-node';
import type { SampledItems } from './sampled-items.ts';
import { itemVectors, type SequenceVariables, sequenceStates } from './sequence-graph.ts';

/** Windows of a batch, each of lookBack + horizon items. */
export interface SequenceBatch {
  /** batch × length, −1 behind the end. */
  readonly items: Int32Array;
  /** batch × length: 1 for an item that may be a target. */
  readonly isNew: Uint8Array;
  readonly length: number;
}

export interface SequenceLossOptions {
  readonly lookBack: number;
  /** Weight of the k-th next item is k^−`decay`; 0 weighs the whole horizon alike. */
  readonly horizonDecay: number;
  /** Probability that a number of an input is left out, in [0, 1). */
  readonly dropout: number;
  /** Of the dropout of this batch. */
  readonly seed: number;
}

/**
 * Cross-entropy of each target among the sampled items and itself, each logit corrected by the log of the item's probability to be
 * sampled; the mean over the targets of each state: the items of its horizon that are new to the user. A target that is among the
 * sampled items counts once. Must run inside `tf.tidy` or a gradient.
 */
export function sequenceLoss(
  variables: SequenceVariables,
  features: tf.Tensor2D | undefined,
  { items, isNew, length }: SequenceBatch,
  { items: sampled, logExpected }: SampledItems,
  { lookBack, horizonDecay, dropout, seed }: SequenceLossOptions,
): tf.Scalar {
  const batch = items.length / length;
  const read = new Int32Array(batch * lookBack);
  for (let row = 0; row < batch; row++)
    for (let step = 0; step < lookBack; step++)
      read[row * lookBack + step] = Math.max(0, items[row * length + step]!);
  const inputs = itemVectors(variables, features, tf.tensor1d(read, 'int32'));
  const kept = dropout === 0 ? inputs : tf.dropout(inputs, dropout, undefined, seed);
  const states = sequenceStates(variables, kept as tf.Tensor2D, lookBack);
  // Row step · batch + b is the state of window b after that step.
  const flat = tf.concat2d(states, 0);
  const targets = targetsOf({ items, isNew, length }, lookBack, horizonDecay);
  const used = tf.gather(flat, tf.tensor1d(targets.states, 'int32'));
  const negatives = tf.tensor1d(sampled, 'int32');
  const logits = tf.sub(
    tf.add(
      tf.matMul(used, itemVectors(variables, features, negatives), false, true),
      tf.reshape(tf.gather(variables.offset, negatives), [1, -1]),
    ),
    tf.tensor2d(sampled.length === 0 ? [] : Float32Array.from(sampled, (item) => logExpected[item]!), [
      1,
      sampled.length,
    ]),
  );
  const others = tf.logSumExp(logits, 1);
  const wanted = tf.tensor1d(targets.items, 'int32');
  const own = tf.add(
    tf.sum(
      tf.mul(tf.gather(used, tf.tensor1d(targets.of, 'int32')), itemVectors(variables, features, wanted)),
      1,
    ),
    tf.reshape(tf.gather(variables.offset, wanted), [-1]),
  );
  const corrected = tf.sub(own, tf.tensor1d(Float32Array.from(targets.items, (item) => logExpected[item]!)));
  const isSampled = new Set(sampled);
  const twice = tf.tensor1d(Float32Array.from(targets.items, (item) => (isSampled.has(item) ? 1 : 0)));
  const lead = tf.sub(tf.gather(others, tf.tensor1d(targets.of, 'int32')), corrected);
  const losses = tf.where(tf.greater(twice, 0), lead, tf.softplus(lead));
  const weights = tf.tensor1d(targets.weights);
  return tf.div(tf.sum(tf.mul(losses, weights)), tf.sum(weights));
}

interface Targets {
  /** Rows of the states that have a target, each once. */
  readonly states: Int32Array;
  /** Position in `states` of each target, its item, and its weight. */
  readonly of: Int32Array;
  readonly items: Int32Array;
  readonly weights: Float32Array;
}

function targetsOf({ items, isNew, length }: SequenceBatch, lookBack: number, decay: number): Targets {
  const batch = items.length / length;
  const horizon = length - lookBack;
  const states: number[] = [];
  const of: number[] = [];
  const wanted: number[] = [];
  const weights: number[] = [];
  for (let step = 0; step < lookBack; step++) {
    for (let row = 0; row < batch; row++) {
      const before = of.length;
      for (let next = 1; next <= horizon; next++) {
        const at = row * length + step + next;
        if (items[at]! < 0) break;
        if (isNew[at] === 0) continue;
        of.push(states.length);
        wanted.push(items[at]!);
        weights.push(next ** -decay);
      }
      if (of.length > before) states.push(step * batch + row);
    }
  }
  return {
    states: Int32Array.from(states),
    of: Int32Array.from(of),
    items: Int32Array.from(wanted),
    weights: Float32Array.from(weights),
  };
}
