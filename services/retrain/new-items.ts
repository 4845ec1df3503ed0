import { embedNew } from '#algorithms/pinsage/embed.ts';
import type { ItemEmbedding } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { ItemCatalogue } from './catalogue.ts';
import type { EmbeddedItems } from './embedded-items.ts';
import type { Models } from './models.ts';
import type { Releases } from './releases.ts';

/** What tells which items lack an embedding, and how to make one. */
export interface NewItemSources {
  readonly catalogue: ItemCatalogue;
  readonly embedded: EmbeddedItems;
  readonly models: Models;
  readonly releases: Releases;
}

/**
 * Embeds the items that the active generation lacks from their content alone, within moments of their arrival in
 * `items`. An item that has an embedding keeps it until the next retraining.
 */
export class NewItems {
  readonly #sources: NewItemSources;
  readonly #waiting = new Set<string>();
  /** The generation that the waiting items are checked against. */
  #generation: string | undefined;

  constructor(sources: NewItemSources) {
    this.#sources = sources;
  }

  /** Notes an item that arrived or changed. */
  takeItem(itemId: string): void {
    this.#waiting.add(itemId);
  }

  /**
   * Embeddings of at most `limit` items that the active generation lacks; the others go on waiting. All wait while no
   * generation is active or its weights are not there, and another generation is checked for the whole catalogue:
   * what came while it was trained is new to it.
   */
  embedWaiting(limit: number): ItemEmbedding[] {
    const { catalogue, embedded, models, releases } = this.#sources;
    const generation = releases.active?.generation;
    const model = generation === undefined ? undefined : models.get(generation);
    if (generation === undefined || model === undefined) return [];
    if (generation !== this.#generation) {
      this.#generation = generation;
      for (const itemId of catalogue.itemIds()) this.#waiting.add(itemId);
    }
    const embeddings: ItemEmbedding[] = [];
    for (const itemId of this.#waiting) {
      if (embeddings.length === limit) break;
      this.#waiting.delete(itemId);
      if (embedded.has(generation, itemId) || !catalogue.has(itemId)) continue;
      const vector = embedNew(model.weights, catalogue.features(itemId, 0, model.layout));
      embeddings.push({ generation, itemId, vector: encodeVector(vector), origin: 'inductive' });
    }
    return embeddings;
  }
}
