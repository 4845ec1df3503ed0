import { embedNew } from '#algorithms/pinsage/embed.ts';
import { decodeWeights, type PinSageWeights } from '#algorithms/pinsage/weights.ts';
import type { ItemEmbedding, ModelWeights, Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { ItemCatalogue } from './catalogue.ts';
import type { EmbeddedItems } from './embedded-items.ts';
import { MODEL, WEIGHTS_FORMAT, type WeightsCard } from './retraining.ts';

interface Model {
  readonly weights: PinSageWeights;
  readonly card: WeightsCard;
}

/**
 * Embeds items that the active generation does not hold, from their content alone, within moments of their arrival in
 * `items`. An item that was trained keeps its vector until the next retraining.
 */
export class NewItems {
  readonly #catalogue: ItemCatalogue;
  readonly #models = new Map<string, Model>();
  readonly #embedded: EmbeddedItems;
  readonly #waiting = new Set<string>();
  #active: Release | undefined;

  constructor(catalogue: ItemCatalogue, embedded: EmbeddedItems) {
    this.#catalogue = catalogue;
    this.#embedded = embedded;
  }

  get activeRelease(): Release | undefined {
    return this.#active;
  }

  takeRelease(release: Release): void {
    if (release.state === 'active') {
      this.#active = release;
    } else if (release.state === 'retired' || release.state === 'rejected') {
      if (this.#active?.generation === release.generation) this.#active = undefined;
      this.#models.delete(release.generation);
    }
  }

  /** Takes a message of `models`; weights of another model or format are somebody else's. */
  takeWeights({ model, generation, format, weights, card }: ModelWeights): void {
    if (model !== MODEL || format !== WEIGHTS_FORMAT) return;
    this.#models.set(generation, { weights: decodeWeights(weights), card: JSON.parse(card) as WeightsCard });
  }

  /** Notes an item that arrived or changed. */
  takeItem(itemId: string): void {
    this.#waiting.add(itemId);
  }

  /** Embeddings of the waiting items that the active generation lacks; what cannot be embedded yet goes on waiting. */
  embedWaiting(): ItemEmbedding[] {
    const generation = this.#active?.generation;
    const model = generation === undefined ? undefined : this.#models.get(generation);
    if (generation === undefined || model === undefined) return [];
    const embeddings: ItemEmbedding[] = [];
    for (const itemId of this.#waiting) {
      this.#waiting.delete(itemId);
      if (this.#embedded.has(generation, itemId) || this.#catalogue.get(itemId) === undefined) continue;
      const features = this.#catalogue.features(itemId, 0, model.card.layout);
      const vector = embedNew(model.weights, features);
      embeddings.push({ generation, itemId, vector: encodeVector(vector), origin: 'inductive' });
    }
    return embeddings;
  }
}
