import { createHash } from 'node:crypto';
import type { Availability, Item } from '#contracts/generated/records.ts';

export interface CatalogueEntry {
  readonly title: string;
  readonly availability: Availability;
  /** A digest that is equal for items which people cannot tell apart. */
  readonly look: string;
  /** Address of a picture (http or https), from the attribute `image`; null if there is none. */
  readonly image: string | null;
  /** The broadest category; null for an item without one. */
  readonly category: string | null;
}

/**
 * Titles and availability by item id, from the topic `items`.
 *
 * An item that is not listed is not found. Compaction drops tombstones in the end, so that after a restart only the missing
 * entry shows that an item was withdrawn, though its vector may still be there. Where the topic is empty, because the app
 * keeps no catalogue, every item is found.
 */
export class Catalogue {
  readonly #entries = new Map<string, CatalogueEntry>();
  /** Each category once: many items share it. */
  readonly #categories = new Map<string, string>();
  #isKept = false;

  /** Whether the topic had any message yet, tombstones included. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** The topic had a message about an item of a different shard. */
  markKept(): void {
    this.#isKept = true;
  }

  put(item: Item): void {
    const { itemId, title, availability, attributes, categories } = item;
    this.#isKept = true;
    const entry = { title, availability, look: lookOf(item), image: imageOf(attributes) };
    this.#entries.set(itemId, { ...entry, category: this.#shared(categories[0]) });
  }

  #shared(category: string | undefined): string | null {
    if (category === undefined) return null;
    const known = this.#categories.get(category);
    if (known === undefined) this.#categories.set(category, category);
    return known ?? category;
  }

  withdraw(itemId: string): void {
    this.#isKept = true;
    this.#entries.delete(itemId);
  }

  get(itemId: string): CatalogueEntry | undefined {
    return this.#entries.get(itemId);
  }

  /** Whether the item may be found: it is listed and not unavailable, or no catalogue is kept. */
  isVisible(itemId: string): boolean {
    if (!this.#isKept) return true;
    const entry = this.#entries.get(itemId);
    return entry !== undefined && entry.availability !== 'unavailable';
  }
}

/** 16 characters an item. With a billion looks, the chance that any two are equal by accident is about 10⁻¹¹. */
const DIGEST_BYTES = 12;

/**
 * Digest of the title, the categories and the attributes, such as the size, whatever their case and spacing. The text is
 * left to the vector, which was computed from its words.
 */
function lookOf({ title, categories, attributes }: Item): string {
  const properties = Object.entries(attributes)
    .map(([name, value]) => [plain(name), plain(value)])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  const parts = [plain(title), categories.map(plain), properties];
  return createHash('sha256').update(JSON.stringify(parts)).digest().toString('base64', 0, DIGEST_BYTES);
}

/** Attributes that hold the address of a picture, the first that an item has. */
const IMAGE_ATTRIBUTES = ['image', 'imageUrl', 'image_url', 'picture'];
const MAX_IMAGE_URL = 2_048;

function imageOf(attributes: Item['attributes']): string | null {
  const name = IMAGE_ATTRIBUTES.find((attribute) => Object.hasOwn(attributes, attribute));
  const address = name === undefined ? '' : attributes[name]!;
  const isPicture = /^https?:\/\//i.test(address) && address.length <= MAX_IMAGE_URL && URL.canParse(address);
  return isPicture ? address : null;
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
}
