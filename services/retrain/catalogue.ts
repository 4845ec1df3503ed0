import {
  DEFAULT_FEATURE_LAYOUT,
  type FeatureLayout,
  featureDimension,
  itemFeatures,
} from '#algorithms/pinsage/features.ts';
import type { Item } from '#contracts/generated/records.ts';

const NOTHING_KNOWN = { categories: [], attributes: {}, text: '' } as const;

/** The items as the log tells them, and their feature vectors. */
export class ItemCatalogue {
  readonly #items = new Map<string, Item>();

  take(itemId: string, item: Item | null): void {
    if (item === null) this.#items.delete(itemId);
    else this.#items.set(itemId, item);
  }

  get size(): number {
    return this.#items.size;
  }

  get(itemId: string): Item | undefined {
    return this.#items.get(itemId);
  }

  itemIds(): IterableIterator<string> {
    return this.#items.keys();
  }

  /** The layout that fits the catalogue: given vectors count when the items that have one agree on its length. */
  layout(): FeatureLayout {
    let length = 0;
    for (const { vector } of this.#items.values()) {
      if (vector === null) continue;
      if (length !== 0 && vector.length !== length) return DEFAULT_FEATURE_LAYOUT;
      length = vector.length;
    }
    return { ...DEFAULT_FEATURE_LAYOUT, vector: length };
  }

  /** Features of an item; one that only occurs in actions has nothing but its degree. */
  features(itemId: string, degree: number, layout: FeatureLayout): Float32Array {
    const item = this.#items.get(itemId);
    if (item === undefined) return itemFeatures(NOTHING_KNOWN, degree, layout);
    const { categories, attributes, title, text, vector } = item;
    const content = { categories, attributes, text: `${title} ${text}` };
    const fits = vector !== null && vector.length === layout.vector && layout.vector > 0;
    return itemFeatures(fits ? { ...content, vector } : content, degree, layout);
  }

  /** itemIds.length × featureDimension(layout), row-major. */
  featureMatrix(itemIds: readonly string[], degrees: ArrayLike<number>, layout: FeatureLayout): Float32Array {
    const dimension = featureDimension(layout);
    const matrix = new Float32Array(itemIds.length * dimension);
    itemIds.forEach((itemId, row) => {
      matrix.set(this.features(itemId, degrees[row] ?? 0, layout), row * dimension);
    });
    return matrix;
  }
}
