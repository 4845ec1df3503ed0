import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { type EmbeddedItems, rankItems } from './embedded-items.ts';

/** Items with these vectors, which are scaled to length 1. @param popularityOf 1 of each item by default */
export function embeddedItems(
  vectors: Readonly<Record<string, readonly number[]>>,
  popularityOf: (itemId: string) => number = () => 1,
): EmbeddedItems {
  const entries = Object.entries(vectors);
  const table = new VectorTable(entries[0]?.[1].length ?? 2);
  for (const [itemId, components] of entries) {
    const vector = Float32Array.from(components);
    normaliseInPlace(vector);
    table.set(itemId, vector);
  }
  return rankItems({ table, has: () => true }, popularityOf);
}
