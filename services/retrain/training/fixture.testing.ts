import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { createRandom } from '#algorithms/random.ts';
import type { TrainInput } from './train.ts';
import { DEFAULT_TRAIN_CONFIG, type TrainConfig } from './train-config.ts';

const DAY_MS = 86_400_000;
/** Features that training fills with the items' places. */
const STRUCTURE = 4;

/** Small and quick, with every part of a real training. */
export const TINY_CONFIG: TrainConfig = {
  ...DEFAULT_TRAIN_CONFIG,
  dim: 8,
  hidden: 16,
  neighbours: 5,
  walkSteps: 60,
  batch: 64,
  negatives: 40,
  epochs: 3,
  examplesPerEpoch: 600,
  learningRate: 0.01,
  patience: 3,
};

/**
 * A catalogue of communities: users take items of one community in baskets of three, while the features are noise
 * with only a hint of the community. The content alone contains little information, the graph nearly all.
 */
export function communityInput({
  communities = 6,
  itemsEach = 12,
  baskets = 900,
  config = TINY_CONFIG,
} = {}): TrainInput {
  const random = createRandom('communities');
  const itemCount = communities * itemsEach;
  const width = STRUCTURE + communities + 6;
  const features = new Float32Array(itemCount * width);
  for (let item = 0; item < itemCount; item++) {
    for (let f = STRUCTURE; f < width; f++) features[item * width + f] = random.normal() / Math.sqrt(width);
    features[item * width + STRUCTURE + (item % communities)]! += 0.3;
  }
  const actions: { user: number; context: number; item: number; at: number }[] = [];
  for (let context = 0; context < baskets; context++) {
    const community = random.integer(communities);
    for (let i = 0; i < 3; i++) {
      const item = community + communities * random.integer(itemsEach);
      actions.push({
        user: community * 10 + random.integer(10),
        context,
        item,
        at: (context * 30 * DAY_MS) / baskets,
      });
    }
  }
  return { itemCount, features, structure: STRUCTURE, actions: columnsOf(actions), config };
}

export function columnsOf(
  actions: readonly { user: number; context: number; item: number; at: number }[],
): ActionColumns {
  return {
    user: Int32Array.from(actions, ({ user }) => user),
    context: Int32Array.from(actions, ({ context }) => context),
    item: Int32Array.from(actions, ({ item }) => item),
    weight: new Float32Array(actions.length).fill(1),
    at: Float64Array.from(actions, ({ at }) => at),
  };
}
