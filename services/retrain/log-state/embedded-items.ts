import { embeddingKey, parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import type { EmbeddingOrigin, ItemEmbedding } from '#contracts/generated/records.ts';

/** An embedding without its vector. */
export interface EmbeddedItem {
  readonly origin: EmbeddingOrigin;
  /** Null if the source of the vector is unknown. */
  readonly basis: ItemEmbedding['basis'];
}

/** The items that have an embedding in each generation, from the topic `embeddings`. */
export class EmbeddedItemIds {
  readonly #byGeneration = new Map<string, Map<string, EmbeddedItem>>();

  /**
   * @param key of `embeddings`
   * @param embedding null for a tombstone
   */
  apply(key: string, embedding: EmbeddedItem | null): void {
    const name = parseEmbeddingKey(key);
    if (name === undefined) return;
    const { generation, itemId } = name;
    if (embedding === null) {
      this.#byGeneration.get(generation)?.delete(itemId);
      return;
    }
    const items = this.#byGeneration.get(generation) ?? new Map<string, EmbeddedItem>();
    this.#byGeneration.set(generation, items);
    const { origin, basis } = embedding;
    items.set(itemId, { origin, basis });
  }

  get(generation: string, itemId: string): EmbeddedItem | undefined {
    return this.#byGeneration.get(generation)?.get(itemId);
  }

  /** Removes and returns the keys of a generation, so that they can be tombstoned. */
  drain(generation: string): string[] {
    const items = [...(this.#byGeneration.get(generation)?.keys() ?? [])];
    this.#byGeneration.delete(generation);
    return items.map((itemId) => embeddingKey({ generation, itemId }));
  }
}
