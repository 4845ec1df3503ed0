import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anAction, anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { Path } from '../path/path.ts';

export const GENERATION = '20260101T000000000Z';
const DIMENSION = 16;
const GROUPS = 4;
const ITEMS_A_GROUP = 12;

/** Item ids `<group>-<number>`: what a group holds is near to each other and far from the rest. */
export const ITEM_IDS: readonly string[] = Array.from(
  { length: GROUPS * ITEMS_A_GROUP },
  (_, i) => `${Math.floor(i / ITEMS_A_GROUP)}-${i % ITEMS_A_GROUP}`,
);

/** Publishes a whole generation, as retrain would: the vectors, then the release `ready`. */
export async function publishGeneration({ write }: Pick<Path, 'write'>): Promise<void> {
  const random = createRandom('taste groups');
  const axes = Array.from({ length: GROUPS }, () => unit(() => random.normal()));
  await Promise.all(
    ITEM_IDS.map((itemId) => {
      const axis = axes[Number(itemId.split('-')[0])]!;
      const vector = unit((i) => axis[i]! + 0.15 * random.normal());
      const embedding = anEmbedding({ generation: GENERATION, itemId, vector: encodeVector(vector) });
      return write('embeddings', embeddingKey(embedding), embedding);
    }),
  );
  const shape = { dimension: DIMENSION, itemCount: ITEM_IDS.length };
  await write('releases', GENERATION, aRelease({ generation: GENERATION, state: 'ready', ...shape }));
}

function unit(component: (index: number) => number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSION }, (_, index) => component(index));
  normaliseInPlace(vector);
  return vector;
}

/** An action of the present. */
export function actionNow(
  change: Pick<UserAction, 'eventId' | 'userId' | 'itemId'> & Partial<UserAction>,
): UserAction {
  return anAction({ occurredAt: Date.now(), ...change });
}
