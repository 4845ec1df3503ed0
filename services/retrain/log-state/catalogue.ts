import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import type { ItemGroups } from '#algorithms/combiner/traits.ts';
import {
  DEFAULT_FEATURE_LAYOUT,
  type FeatureLayout,
  featureDimension,
  itemFeatures,
} from '#algorithms/pinsage/features.ts';
import type { Item } from '#contracts/generated/records.ts';
import { nameOf } from './numbers.ts';

/** An item with its vector in half the memory: a catalogue of long vectors is mostly these. */
type KnownItem = Omit<Item, 'vector'> & { readonly vector: Float32Array | null };

const NOTHING_KNOWN = { categories: [], attributes: {}, text: '' } as const;

/**
 * The items of the log and their feature vectors. An item whose supplied vector is not finite, or has another length
 * than most, is treated as an item without a vector, so that no single item can make a training fail.
 */
export class ItemCatalogue {
  readonly #items = new Map<string, KnownItem>();
  readonly #contents = new Map<string, number>();

  /** @param item null if it was deleted */
  apply(itemId: string, item: Item | null): void {
    if (item === null) {
      this.#items.delete(itemId);
      this.#contents.delete(itemId);
    } else {
      this.#items.set(itemId, { ...item, vector: item.vector && Float32Array.from(item.vector) });
      this.#contents.set(itemId, fingerprint(item));
    }
  }

  /** A hash of the item's content, from which its features are computed; 0 for unknown content. */
  contentOf(itemId: string): number {
    return this.#contents.get(itemId) ?? 0;
  }

  has(itemId: string): boolean {
    return this.#items.has(itemId);
  }

  itemIds(): IterableIterator<string> {
    return this.#items.keys();
  }

  /**
   * The layout that fits the catalogue: the most frequent length of supplied vectors, among equally frequent ones the
   * shortest.
   */
  layout(): FeatureLayout {
    const counts = new Map<number, number>();
    for (const { vector } of this.#items.values()) {
      if (isGiven(vector) && hasFiniteComponents(vector))
        counts.set(vector.length, (counts.get(vector.length) ?? 0) + 1);
    }
    const [most] = [...counts].sort(([lengthA, a], [lengthB, b]) => b - a || lengthA - lengthB);
    return { ...DEFAULT_FEATURE_LAYOUT, vector: most?.[0] ?? 0 };
  }

  /** Items whose supplied vector does not fit this layout. */
  withUnusableVector(layout: FeatureLayout): string[] {
    return [...this.#items.values()]
      .filter(({ vector }) => isGiven(vector) && !isUsable(vector, layout))
      .map(({ itemId }) => itemId);
  }

  /** Features of an item; an item that only occurs in actions has only its degree, the number of its contexts. */
  features(itemId: string, degree: number, layout: FeatureLayout): Float32Array {
    const item = this.#items.get(itemId);
    if (item === undefined) return itemFeatures(NOTHING_KNOWN, degree, layout);
    const { categories, attributes, title, text, vector } = item;
    const content = { categories, attributes, text: `${title} ${text}` };
    return itemFeatures(isUsable(vector, layout) ? { ...content, vector } : content, degree, layout);
  }

  /** The groups of items by their categories. */
  groups(itemIds: readonly string[]): ItemGroups {
    return groupsOf(itemIds.map((itemId) => this.#items.get(itemId)?.categories ?? []));
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

function fingerprint({ title, text, categories, attributes, vector }: Item): number {
  const named = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return nameOf(JSON.stringify([title, text, categories, named, vector]));
}

function isGiven(vector: KnownItem['vector']): vector is Float32Array {
  return vector !== null && vector.length > 0;
}

function hasFiniteComponents(vector: Float32Array): boolean {
  return vector.every(Number.isFinite);
}

function isUsable(vector: KnownItem['vector'], layout: FeatureLayout): vector is Float32Array {
  return isGiven(vector) && vector.length === layout.vector && hasFiniteComponents(vector);
}
