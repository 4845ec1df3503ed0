import { digestOf, HashSet } from '#algorithms/hash-set.ts';
import type { Item } from '#contracts/generated/records.ts';

/**
 * Which items a slate may show, from the topic `items`, by the rule of the index: an item is shown if the catalogue lists it
 * and does not call it unavailable. Where the topic is empty, because the app keeps no catalogue, every item may be shown.
 * It takes up to 32 bytes an item, and no more than that for any title or text.
 */
export class OfferedItems {
  readonly #offered = new HashSet();
  #isKept = false;
  #version = 0;

  /** Number of items that the catalogue lists as available. */
  get size(): number {
    return this.#offered.size;
  }

  /** Grows whenever an item may be shown that might not before, or the other way round. */
  get version(): number {
    return this.#version;
  }

  /** Applies a message of `items`. @param item null when the item is withdrawn */
  apply(itemId: string, item: Pick<Item, 'availability'> | null): void {
    const before = this.#isKept ? this.#offered.size : undefined;
    this.#isKept = true;
    if (item === null || item.availability === 'unavailable') this.#offered.delete(digestOf(itemId));
    else this.#offered.add(digestOf(itemId));
    if (this.#offered.size !== before) this.#version += 1;
  }

  has(itemId: string): boolean {
    return !this.#isKept || this.#offered.has(digestOf(itemId));
  }
}
