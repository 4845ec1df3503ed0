import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { featureDimension } from '#algorithms/pinsage/features.ts';
import { initialWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import type { PinSageModel } from '../log-state/pinsage-model.ts';
import { DEFAULT_TRAIN_CONFIG, shapeOf } from './train-config.ts';
import { warmStartFrom } from './warm-start.ts';

const layout = { structure: 2, labels: 3, words: 1, vector: 0 };
const config = { ...DEFAULT_TRAIN_CONFIG, hidden: 4, dim: 3 };
const shape = shapeOf(config, { features: featureDimension(layout), structure: layout.structure });
const model: PinSageModel = {
  layout,
  weights: initialWeights(shape, createRandom('model')),
  anchors: { itemIds: ['tea', 'gone', 'jam'], places: Float32Array.of(1, 2, 3, 4, 5, 6) },
};
const next = { itemIds: ['jam', 'new', 'tea'], layout, config };

describe('a warm start', () => {
  it('a warm start has the weights, and the known places by the numbers of the new training', () => {
    assert.deepEqual(warmStartFrom(model, next), {
      weights: model.weights,
      anchors: { items: Int32Array.of(2, 0), places: Float32Array.of(1, 2, 5, 6) },
    });
  });

  it('a warm start is refused with a reason if the weights would have another meaning', () => {
    const refused = (reason: RegExp, of: PinSageModel | undefined, change: Partial<typeof next> = {}) => {
      const answer = warmStartFrom(of, { ...next, ...change });
      assert.match(typeof answer === 'string' ? answer : 'a start', reason);
    };
    refused(/no weights/, undefined);
    refused(/another layout/, model, { layout: { ...layout, labels: 1, words: 3 } });
    refused(/another shape/, model, { config: { ...config, hidden: 8 } });
    refused(/another shape/, model, { config: { ...config, pooling: 'max' } });
    refused(/another shape/, model, { config: { ...config, directPlaces: false } });
    refused(/1 items with known places are too few for 2 coordinates/, model, { itemIds: ['tea', 'new'] });
    refused(/0 items/, { layout, weights: model.weights });
  });
});
