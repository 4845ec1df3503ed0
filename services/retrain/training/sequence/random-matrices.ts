import * as tf from '@tensorflow/tfjs-node';
import type { Random } from '#algorithms/random.ts';

/** Creates a variable of normal numbers with this standard deviation. */
export type RandomMatrix = (rows: number, columns: number, scale: number) => tf.Variable<tf.Rank.R2>;

export function randomMatrices(random: Random): RandomMatrix {
  return (rows, columns, scale) => {
    const numbers = Float32Array.from({ length: rows * columns }, () => scale * random.normal());
    return tf.variable(tf.tensor2d(numbers, [rows, columns])) as tf.Variable<tf.Rank.R2>;
  };
}

/** The numbers of a variable. */
export function numbersOf(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
