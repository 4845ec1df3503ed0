import type { Availability, Item } from '#contracts/generated/records.ts';

export interface CatalogueEntry {
  readonly title: string;
  readonly availability: Availability;
}

/**
 * Titles and availability by item id, as the topic `items` says.
 *
 * What it does not list may not be found, because compaction drops a tombstone in the end: after a restart, an item
 * that was withdrawn long ago differs from one that never was by having no entry, though its vector may still be there.
 * Only an app that keeps no catalogue at all has every item found.
 */
export class Catalogue {
  readonly #entries = new Map<string, CatalogueEntry>();
  #isKept = false;

  /** Whether the topic has said anything yet, be it that an item is gone. */
  get isKept(): boolean {
    return this.#isKept;
  }

  put({ itemId, title, availability }: Item): void {
    this.#isKept = true;
    this.#entries.set(itemId, { title, availability });
  }

  withdraw(itemId: string): void {
    this.#isKept = true;
    this.#entries.delete(itemId);
  }

  get(itemId: string): CatalogueEntry | undefined {
    return this.#entries.get(itemId);
  }

  /** Whether it may be found: listed and not unavailable, or no catalogue is kept. */
  isVisible(itemId: string): boolean {
    if (!this.#isKept) return true;
    const entry = this.#entries.get(itemId);
    return entry !== undefined && entry.availability !== 'unavailable';
  }
}
