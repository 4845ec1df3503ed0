import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import type { EmbeddingOrigin, ItemEmbedding, Release } from '#contracts/generated/records.ts';

/** A release of 1970 without metrics. */
export function release(
  generation: string,
  state: Release['state'],
  itemCount: number,
  dimension = 2,
): Release {
  return aRelease({ generation, state, itemCount, dimension, actionCount: 0, createdAt: 0, updatedAt: 0 });
}

export function embedding(
  generation: string,
  itemId: string,
  components: readonly number[],
  origin: EmbeddingOrigin = 'trained',
): ItemEmbedding {
  return anEmbedding({ generation, itemId, origin }, components);
}
