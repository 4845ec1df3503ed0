import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { groupVectors } from '../../services/retrain/taste-groups.testing.ts';
import type { Path } from '../path/path.ts';

export const GENERATION = '20260101T000000000Z';
const DIMENSION = 16;
const VECTORS = groupVectors(DIMENSION);

/** Items of the generation, in taste groups. */
export const ITEM_IDS: readonly string[] = [...VECTORS.keys()];

/** Publishes a complete generation, as retrain would: the vectors, then the release `ready`. */
export async function publishGeneration({ write }: Pick<Path, 'write'>): Promise<void> {
  await Promise.all(
    [...VECTORS].map(([itemId, vector]) => {
      const embedding = anEmbedding({ generation: GENERATION, itemId, vector: encodeVector(vector) });
      return write('embeddings', embeddingKey(embedding), embedding);
    }),
  );
  const shape = { dimension: DIMENSION, itemCount: ITEM_IDS.length };
  await write('releases', GENERATION, aRelease({ generation: GENERATION, state: 'ready', ...shape }));
}
