import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';

const DIMENSION = 16;
const GROUPS = 4;
const SHARED_ITEMS_A_GROUP = 8;
/** Items that only one generation knows: a slate of another generation that shows one mixes them. */
const OWN_ITEMS_A_GROUP = 2;
const ALPHA = 1;

/** Items of every generation. */
export const SHARED_ITEMS: readonly string[] = Array.from(
  { length: GROUPS * SHARED_ITEMS_A_GROUP },
  (_, i) => `item-${i}`,
);

export interface PublishedItems {
  readonly name: string;
  readonly embeddings: ReadonlyArray<{ readonly key: string; readonly value: ItemEmbedding }>;
  readonly release: Release;
}

/** Returns the vectors of a generation and its release `ready`. Each number has other vectors, and some items of its own. */
export function someGeneration(number: number, now: number): PublishedItems {
  // Names of generations are times; their order is that of the numbers.
  const name = `20260101T0000${String(number).padStart(2, '0')}000Z`;
  const random = createRandom(name);
  const axes = Array.from({ length: GROUPS }, () => unit(() => random.normal()));
  const own = Array.from({ length: GROUPS * OWN_ITEMS_A_GROUP }, (_, i) => ownItem(name, i));
  const itemIds = [...SHARED_ITEMS, ...own];
  const embeddings = itemIds.map((itemId, i) => {
    const axis = axes[i % GROUPS]!;
    const vector = encodeVector(unit((at) => axis[at]! + 0.15 * random.normal()));
    const value: ItemEmbedding = { generation: name, itemId, vector, origin: 'trained', basis: null };
    return { key: embeddingKey(value), value };
  });
  const release: Release = {
    generation: name,
    state: 'ready',
    dimension: DIMENSION,
    alpha: ALPHA,
    itemCount: itemIds.length,
    actionCount: 1,
    createdAt: now,
    updatedAt: now,
    metrics: {},
    modelCard: '{}',
    reason: null,
    follows: null,
  };
  return { name, embeddings, release };
}

function ownItem(generation: string, number: number): string {
  return `of-${generation}-${number}`;
}

function unit(component: (at: number) => number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSION }, (_, at) => component(at));
  normaliseInPlace(vector);
  return vector;
}
