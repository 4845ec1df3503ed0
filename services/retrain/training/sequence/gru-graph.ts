import * as tf from '@tensorflow/tfjs-node';
import type { SequenceNetwork } from '#algorithms/sequence/network.ts';
import { numbersOf, type RandomMatrix } from './random-matrices.ts';

/** What is learned of a gated recurrent unit: dim × 3 dim, and so on, as `GruWeights` has them. */
export interface GruVariables {
  readonly kind: 'gru';
  readonly input: tf.Variable<tf.Rank.R2>;
  readonly recurrent: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  readonly resetBias: tf.Variable<tf.Rank.R1>;
}

export function createGruVariables(dim: number, matrix: RandomMatrix): GruVariables {
  return {
    kind: 'gru',
    input: matrix(dim, 3 * dim, 1 / Math.sqrt(dim)),
    recurrent: matrix(dim, 3 * dim, 1 / Math.sqrt(dim)),
    bias: tf.variable(tf.zeros<tf.Rank.R1>([3 * dim])) as tf.Variable<tf.Rank.R1>,
    resetBias: tf.variable(tf.zeros<tf.Rank.R1>([dim])) as tf.Variable<tf.Rank.R1>,
  };
}

/** As `sequenceStates` says, from the state 0. */
export function gruStates(
  { input, recurrent, bias, resetBias }: GruVariables,
  inputs: tf.Tensor2D,
  steps: number,
): tf.Tensor2D[] {
  const [rows, dim] = inputs.shape;
  const batch = rows / steps;
  const gates = tf.reshape(tf.add(tf.matMul(inputs, input), bias), [batch, steps, 3 * dim]);
  const byStep = tf.unstack(gates, 1) as tf.Tensor2D[];
  const states: tf.Tensor2D[] = [];
  let state: tf.Tensor2D = tf.zeros([batch, dim]);
  for (const own of byStep) {
    const fromState = tf.matMul(state, recurrent);
    const [updates, resets, candidates] = tf.split(own, 3, 1);
    const [updatesFrom, resetsFrom, candidatesFrom] = tf.split(fromState, 3, 1);
    const update = tf.sigmoid(tf.add(updates!, updatesFrom!));
    const reset = tf.sigmoid(tf.add(resets!, resetsFrom!));
    const candidate = tf.tanh(tf.add(candidates!, tf.mul(reset, tf.add(candidatesFrom!, resetBias))));
    state = tf.add(candidate, tf.mul(update, tf.sub(state, candidate)));
    states.push(state);
  }
  return states;
}

export function readGru({ input, recurrent, bias, resetBias }: GruVariables): SequenceNetwork {
  const dim = resetBias.shape[0];
  const weights = {
    inputs: dim,
    hidden: dim,
    input: numbersOf(input),
    recurrent: numbersOf(recurrent),
    bias: numbersOf(bias),
    resetBias: numbersOf(resetBias),
  };
  return { kind: 'gru', weights };
}
