import { DEFAULT_FEATURE_LAYOUT, featureDimension } from '#algorithms/pinsage/features.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import type { PinSageModel } from './pinsage-model.ts';

/** A model that was never trained. */
export function someModel(layout = DEFAULT_FEATURE_LAYOUT): PinSageModel {
  const shape = {
    features: featureDimension(layout),
    hidden: 4,
    layers: 2,
    dim: 3,
    pooling: 'importance',
    direct: 0,
  } as const;
  const anchors = { itemIds: ['tea', 'jam'], places: new Float32Array(2 * layout.structure).fill(0.125) };
  return { layout, anchors, weights: initialWeights(shape, createRandom('model')) };
}
