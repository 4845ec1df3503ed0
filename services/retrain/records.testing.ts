import type { Item, ItemEmbedding, ModelWeights, Release } from '#contracts/generated/records.ts';
import type { Publisher } from './publisher.ts';

/** Records with what a test does not care about filled in. */
export function someItem(itemId: string, change: Partial<Item> = {}): Item {
  return {
    itemId,
    title: itemId,
    text: '',
    categories: [],
    attributes: {},
    vector: null,
    availability: 'available',
    updatedAt: 0,
    ...change,
  };
}

export function someRelease(
  generation: string,
  state: Release['state'],
  change: Partial<Release> = {},
): Release {
  return {
    generation,
    state,
    dimension: 8,
    alpha: 1,
    itemCount: 1,
    actionCount: 1,
    createdAt: 0,
    updatedAt: 0,
    metrics: {},
    modelCard: '{}',
    reason: null,
    ...change,
  };
}

export interface RecordedWrites {
  /** What was written, in order: `building`, `embedding tea`, `weights`, `remove embeddings g1/tea`. */
  readonly order: string[];
  readonly releases: Release[];
  readonly embeddings: ItemEmbedding[];
  readonly weights: ModelWeights[];
}

/** A publisher that keeps what is written. */
export function recordingPublisher(): { publisher: Publisher; written: RecordedWrites } {
  const written: RecordedWrites = { order: [], releases: [], embeddings: [], weights: [] };
  const publisher: Publisher = {
    async release(release) {
      written.order.push(release.state);
      written.releases.push(release);
    },
    async embedding(embedding) {
      written.order.push(`embedding ${embedding.itemId}`);
      written.embeddings.push(embedding);
    },
    async weights(weights) {
      written.order.push('weights');
      written.weights.push(weights);
    },
    async remove(topic, key) {
      written.order.push(`remove ${topic} ${key}`);
    },
    async trimLatents(offsets) {
      for (const { partition, offset } of offsets) written.order.push(`trim latents ${partition}:${offset}`);
    },
  };
  return { publisher, written };
}
