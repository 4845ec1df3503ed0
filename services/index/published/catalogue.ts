import { createHash } from 'node:crypto';
import type { Availability, Item } from '#contracts/generated/records.ts';

export interface CatalogueEntry {
  readonly title: string;
  readonly availability: Availability;
  /** Equal for items that people cannot tell apart. */
  readonly look: string;
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

  /** The topic has said something, of an item that is held elsewhere. */
  markKept(): void {
    this.#isKept = true;
  }

  put(item: Item): void {
    const { itemId, title, availability } = item;
    this.#isKept = true;
    this.#entries.set(itemId, { title, availability, look: lookOf(item) });
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

/** Twelve bytes are 16 characters, held for each item; two of a billion looks are then equal by chance once in 10¹¹. */
const DIGEST_BYTES = 12;

/**
 * Digest of what tells an item from its like: title, categories and attributes such as its size, whatever their case and
 * spacing. The text is left to the vector, which knows its words.
 */
function lookOf({ title, categories, attributes }: Item): string {
  const properties = Object.entries(attributes)
    .map(([name, value]) => [plain(name), plain(value)])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  const parts = [plain(title), categories.map(plain), properties];
  return createHash('sha256').update(JSON.stringify(parts)).digest().toString('base64', 0, DIGEST_BYTES);
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
}
