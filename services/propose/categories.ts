import type { Item } from '#contracts/generated/records.ts';

const NONE: readonly string[] = [];

/** The categories of the catalogue. Paths that items share are held once. */
export class Categories {
  readonly #paths = new Map<string, readonly string[]>();
  readonly #items = new Map<string, readonly string[]>();

  /** Applies a message of `items`. @param item null when the item is withdrawn */
  apply(itemId: string, item: Pick<Item, 'categories'> | null): void {
    if (item === null || item.categories.length === 0) {
      this.#items.delete(itemId);
      return;
    }
    const name = JSON.stringify(item.categories);
    const path = this.#paths.get(name) ?? item.categories;
    this.#paths.set(name, path);
    this.#items.set(itemId, path);
  }

  /** From broad to narrow; none for an item that the catalogue does not list. */
  of(itemId: string): readonly string[] {
    return this.#items.get(itemId) ?? NONE;
  }
}
