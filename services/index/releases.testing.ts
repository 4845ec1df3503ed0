import type { EmbeddingOrigin, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';

/** A release with what a test does not care about filled in. */
export function release(
  generation: string,
  state: Release['state'],
  itemCount: number,
  dimension = 2,
): Release {
  return {
    generation,
    state,
    dimension,
    itemCount,
    alpha: 1,
    actionCount: 0,
    createdAt: 0,
    updatedAt: 0,
    metrics: {},
    modelCard: '{}',
    reason: null,
  };
}

export function embedding(
  generation: string,
  itemId: string,
  components: readonly number[],
  origin: EmbeddingOrigin = 'trained',
): ItemEmbedding {
  return { generation, itemId, vector: encodeVector(Float32Array.from(components)), origin, basis: null };
}
