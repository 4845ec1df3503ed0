import type { Convolution } from './weights.ts';

/** ReLU(Q h + q) by its definition (PinSage, KDD 2018, Algorithm 1, line 1): the latent of an item for a convolution. */
export function transform({ pool: { kernel, bias } }: Convolution, state: Float32Array): Float32Array {
  const { outputs, values } = kernel;
  return bias.map((offset, output) => {
    const sum = state.reduce((total, value, input) => total + value * values[input * outputs + output]!, 0);
    return Math.max(0, sum + offset);
  });
}
