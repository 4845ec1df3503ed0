import { DEFAULT_FEATURE_LAYOUT, featureDimension } from '#algorithms/pinsage/features.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import type { PinSageModel } from './models.ts';

/** A model that was never trained. */
export function someModel(layout = DEFAULT_FEATURE_LAYOUT): PinSageModel {
  const shape = {
    features: featureDimension(layout),
    hidden: 4,
    layers: 2,
    dim: 3,
    pooling: 'importance',
  } as const;
  return { layout, weights: initialWeights(shape, createRandom('model')) };
}
