import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import type { ItemEmbedding, Release, UserAction } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { Path } from './path.testing.ts';

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
      const embedding: ItemEmbedding = {
        generation: GENERATION,
        itemId,
        vector: encodeVector(vector),
        origin: 'trained',
        basis: null,
      };
      return write('embeddings', `${GENERATION}/${itemId}`, embedding);
    }),
  );
  const release: Release = {
    generation: GENERATION,
    state: 'ready',
    dimension: DIMENSION,
    alpha: 1,
    itemCount: ITEM_IDS.length,
    actionCount: 0,
    createdAt: 0,
    updatedAt: 0,
    metrics: {},
    modelCard: '',
    reason: null,
  };
  await write('releases', GENERATION, release);
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
  const now = Date.now();
  return { type: 'buy', occurredAt: now, receivedAt: now, contextId: null, value: null, ...change };
}
