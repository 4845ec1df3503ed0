import { initialWeights, type PinSageShape } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import type { InferenceInput } from '../training/infer.ts';

const SIZE = 5;

export interface RandomCatalogue extends InferenceInput {
  readonly itemIds: readonly string[];
}

/** Items with random features and neighbours; every seventh item has no neighbour, the others have fewer than there is room for. */
export function randomCatalogue(itemCount: number, change: Partial<PinSageShape> = {}): RandomCatalogue {
  const random = createRandom(`catalogue of ${itemCount}`);
  const shape: PinSageShape = {
    features: 12,
    hidden: 16,
    layers: 2,
    dim: 8,
    pooling: 'importance',
    direct: 4,
    ...change,
  };
  const neighbours = new Int32Array(itemCount * SIZE).fill(-1);
  const weights = new Float32Array(itemCount * SIZE);
  for (let item = 0; item < itemCount; item++) {
    const count = item % 7 === 0 ? 0 : 1 + random.integer(SIZE);
    for (let rank = 0; rank < count; rank++) {
      neighbours[item * SIZE + rank] = (item + 1 + rank + SIZE * random.integer(3)) % itemCount;
      weights[item * SIZE + rank] = (2 * (count - rank)) / (count * (count + 1));
    }
  }
  return {
    itemIds: Array.from({ length: itemCount }, (_, item) => `item ${item}`),
    weights: initialWeights(shape, random.fork('weights')),
    features: Float32Array.from({ length: itemCount * shape.features }, () => random.normal()),
    structure: 4,
    neighbourhoods: { size: SIZE, neighbours, weights },
  };
}
