import type { ItemEmbedding, ModelWeights, Release } from '#contracts/generated/records.ts';
import type { StagePorts } from '#platform/stage.ts';
import { modelKey } from './models.ts';

/** Everything the stage writes. Each promise resolves when all in-sync replicas have the message. */
export interface Publisher {
  release(release: Release): Promise<void>;
  embedding(embedding: ItemEmbedding): Promise<void>;
  weights(weights: ModelWeights): Promise<void>;
  /** Writes a tombstone. */
  remove(topic: 'embeddings' | 'models', key: string): Promise<void>;
}

export function createPublisher({ produce }: Pick<StagePorts, 'produce'>): Publisher {
  return {
    async release(release) {
      await produce('releases', release.generation, release);
    },
    async embedding(embedding) {
      await produce('embeddings', `${embedding.generation}/${embedding.itemId}`, embedding);
    },
    async weights(weights) {
      await produce('models', modelKey(weights), weights);
    },
    async remove(topic, key) {
      await produce(topic, key, null);
    },
  };
}
