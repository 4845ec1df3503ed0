import type { Availability, Item } from '#contracts/generated/records.ts';

export interface CatalogueEntry {
  readonly title: string;
  readonly availability: Availability;
}

/** Titles and availability by item id, as the topic `items` says. */
export class Catalogue {
  readonly #entries = new Map<string, CatalogueEntry>();
  /** A withdrawn item keeps its mark, because its vector may stay in the index for a while. */
  readonly #withdrawn = new Set<string>();

  put({ itemId, title, availability }: Item): void {
    this.#withdrawn.delete(itemId);
    this.#entries.set(itemId, { title, availability });
  }

  withdraw(itemId: string): void {
    this.#entries.delete(itemId);
    this.#withdrawn.add(itemId);
  }

  get(itemId: string): CatalogueEntry | undefined {
    return this.#entries.get(itemId);
  }

  /** Whether it may be found. An item that only has a vector so far may: nobody said otherwise. */
  isVisible(itemId: string): boolean {
    return !this.#withdrawn.has(itemId) && this.#entries.get(itemId)?.availability !== 'unavailable';
  }
}
