import * as tf from '@tensorflow/tfjs-node';
import type { Pooling } from '#algorithms/pinsage/pooling.ts';
import type { Dense, Matrix, PinSageWeights } from '#algorithms/pinsage/weights.ts';

export interface DenseVariables {
  readonly kernel: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
}

export interface ConvolutionVariables {
  readonly pool: DenseVariables;
  readonly combine: DenseVariables;
}

/** The learned numbers of a PinSage as TensorFlow variables, with their roles. The caller disposes them. */
export interface PinSageVariables {
  readonly pooling: Pooling;
  /** Leading features that the head sees directly beside its hidden layer. */
  readonly direct: number;
  readonly convolutions: readonly ConvolutionVariables[];
  readonly headHidden: DenseVariables;
  readonly headOutput: tf.Variable<tf.Rank.R2>;
}

export function createVariables(weights: PinSageWeights): PinSageVariables {
  return {
    pooling: weights.shape.pooling,
    direct: weights.shape.direct,
    convolutions: weights.convolutions.map(({ pool, combine }) => ({
      pool: denseVariables(pool),
      combine: denseVariables(combine),
    })),
    headHidden: denseVariables(weights.headHidden),
    headOutput: matrixVariable(weights.headOutput),
  };
}

export function variableList({ convolutions, headHidden, headOutput }: PinSageVariables): tf.Variable[] {
  const dense = ({ kernel, bias }: DenseVariables): tf.Variable[] => [kernel, bias];
  return [
    ...convolutions.flatMap(({ pool, combine }) => [...dense(pool), ...dense(combine)]),
    ...dense(headHidden),
    headOutput,
  ];
}

/** The current values as plain arrays, in the shape and with the mean of `template`. */
export function readWeights(variables: PinSageVariables, template: PinSageWeights): PinSageWeights {
  return {
    ...template,
    convolutions: variables.convolutions.map(({ pool, combine }) => ({
      pool: readDense(pool),
      combine: readDense(combine),
    })),
    headHidden: readDense(variables.headHidden),
    headOutput: readMatrix(variables.headOutput),
  };
}

function denseVariables({ kernel, bias }: Dense): DenseVariables {
  return { kernel: matrixVariable(kernel), bias: tf.tidy(() => tf.variable(tf.tensor1d(bias))) };
}

function matrixVariable({ inputs, outputs, values }: Matrix): tf.Variable<tf.Rank.R2> {
  return tf.tidy(() => tf.variable(tf.tensor2d(values, [inputs, outputs])));
}

function readDense({ kernel, bias }: DenseVariables): Dense {
  return { kernel: readMatrix(kernel), bias: readFloats(bias) };
}

function readMatrix(variable: tf.Variable<tf.Rank.R2>): Matrix {
  const [inputs, outputs] = variable.shape;
  return { inputs, outputs, values: readFloats(variable) };
}

/** A copy that no later step changes. */
function readFloats(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
