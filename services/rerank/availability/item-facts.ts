import { parseInstant } from '#contracts/domain/instants.ts';
import { attributeTerm, type SlateFilter, withoutCase } from '#contracts/domain/slate-filter.ts';
import type { Item } from '#contracts/generated/records.ts';

/** Numbers of texts that many items share. Texts stay when the last item that had them is gone: they are few. */
class Terms {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  /** Numbers by text without its case; made by the first filter, because many catalogues are never filtered. */
  #withoutCase: Map<string, readonly number[]> | undefined;

  number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
      if (this.#withoutCase !== undefined) addTo(this.#withoutCase, withoutCase(text), number);
    }
    return number;
  }

  textOf(number: number): string {
    return this.#texts[number]!;
  }

  /** Numbers of the text in all spellings; none for a text that no item has had. */
  known(text: string): readonly number[] {
    if (this.#withoutCase === undefined) {
      this.#withoutCase = new Map();
      for (const [number, known] of this.#texts.entries())
        addTo(this.#withoutCase, withoutCase(known), number);
    }
    return this.#withoutCase.get(withoutCase(text)) ?? [];
  }
}

function addTo(lists: Map<string, readonly number[]>, key: string, number: number): void {
  lists.set(key, [...(lists.get(key) ?? []), number]);
}

interface Facts {
  readonly categories: Int32Array;
  readonly attributes: Int32Array;
  readonly kind: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly price: number | undefined;
  /** Time of the last put, in milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** What the catalogue lists of an item. */
export interface ListedItem {
  /** From broad to narrow. */
  readonly categories: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

export interface FactsOptions {
  /** Attribute with the price of an item, and with the time since when it exists. */
  readonly priceAttribute: string;
  readonly sinceAttribute: string;
  /** Counts an item whose attribute cannot be read. */
  readonly countUnreadable: (attribute: 'price' | 'since') => void;
}

const DEFAULTS: FactsOptions = {
  priceAttribute: 'price',
  sinceAttribute: 'since',
  countUnreadable: () => undefined,
};

const PRICE = /^\d{1,12}(\.\d{1,6})?$/;

/** Whether an item passes a filter. */
export type ItemTest = (itemId: string) => boolean;

/**
 * Categories and attributes of the catalogue, for filters and limits of slates, and age and price for features: four bytes each, and about 120 an item. An item that the
 * catalogue does not list has none.
 */
export class ItemFacts {
  readonly #categories = new Terms();
  readonly #attributes = new Terms();
  /** Length of the name of each attribute, which may contain colons. */
  readonly #nameLengths: number[] = [];
  readonly #paths = new Terms();
  readonly #items = new Map<string, Facts>();
  readonly #options: FactsOptions;
  #version = 0;
  #hasPrices = false;

  constructor(options: Partial<FactsOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Whether any item has had a price. */
  get hasPrices(): boolean {
    return this.#hasPrices;
  }

  /** Grows with each message of `items`. */
  get version(): number {
    return this.#version;
  }

  /** Applies a message of `items`. @param item null when the item is withdrawn */
  apply(itemId: string, item: Pick<Item, 'categories' | 'attributes' | 'updatedAt'> | null): void {
    this.#version += 1;
    if (item === null) {
      this.#items.delete(itemId);
      return;
    }
    this.#items.set(itemId, {
      categories: Int32Array.from(item.categories, (category) => this.#categories.number(category)),
      attributes: Int32Array.from(Object.entries(item.attributes), ([name, value]) =>
        this.#attribute(name, value),
      ),
      kind: item.categories.length === 0 ? undefined : this.#paths.number(JSON.stringify(item.categories)),
      since: this.#sinceIn(item),
      price: this.#priceIn(item),
      updatedAt: item.updatedAt,
    });
  }

  #attribute(name: string, value: string): number {
    const number = this.#attributes.number(attributeTerm(name, value));
    this.#nameLengths[number] ??= name.length;
    return number;
  }

  /** Undefined for an item that the catalogue does not list. */
  get(itemId: string): ListedItem | undefined {
    const facts = this.#items.get(itemId);
    if (facts === undefined) return undefined;
    const { updatedAt } = facts;
    const categories = Array.from(facts.categories, (category) => this.#categories.textOf(category));
    const attributes = Array.from(facts.attributes, (number) => {
      const [term, length] = [this.#attributes.textOf(number), this.#nameLengths[number]!];
      return [term.slice(0, length), term.slice(length + 1)] as const;
    });
    return { categories, attributes: Object.fromEntries(attributes), updatedAt };
  }

  /** Milliseconds since the epoch; undefined for an item that the catalogue does not list. */
  sinceOf(itemId: string): number | undefined {
    return this.#items.get(itemId)?.since;
  }

  /** The price of the item, above 0; undefined without one. */
  priceOf(itemId: string): number | undefined {
    return this.#items.get(itemId)?.price;
  }

  /** Where the app does not say it, an item is as old as its last change. */
  #sinceIn({ attributes, updatedAt }: Pick<Item, 'attributes' | 'updatedAt'>): number {
    const text = attributes[this.#options.sinceAttribute];
    if (text === undefined) return updatedAt;
    const instant = parseInstant(text);
    if ('at' in instant) return instant.at;
    this.#options.countUnreadable('since');
    return updatedAt;
  }

  #priceIn({ attributes }: Pick<Item, 'attributes'>): number | undefined {
    const text = attributes[this.#options.priceAttribute];
    if (text === undefined) return undefined;
    const price = PRICE.test(text) ? Number(text) : Number.NaN;
    if (price > 0) {
      this.#hasPrices = true;
      return price;
    }
    if (Number.isNaN(price)) this.#options.countUnreadable('price');
    return undefined;
  }

  /** The number of the item's whole path of categories; undefined for an item without one. */
  kindOf(itemId: string): number | undefined {
    return this.#items.get(itemId)?.kind;
  }

  /** Categories and attributes as ascending distinct numbers; none for an item that the catalogue does not list. */
  termsOf(itemId: string): number[] {
    const facts = this.#items.get(itemId);
    if (facts === undefined) return [];
    const categories = Array.from(facts.categories, (category) => 2 * category);
    const attributes = Array.from(facts.attributes, (attribute) => 2 * attribute + 1);
    return [...new Set([...categories, ...attributes])].sort((a, b) => a - b);
  }

  /** Categories and attributes of a filter that no item has had, as the filter writes them. */
  unknownIn({ anyCategory, allCategories, attributes }: Omit<SlateFilter, 'exclude'>): string[] {
    return [
      ...[...anyCategory, ...allCategories].filter((text) => this.#categories.known(text).length === 0),
      ...attributes.filter((term) => this.#attributes.known(term).length === 0),
    ];
  }

  /** Returns the test of a filter, which holds for the catalogue of this moment. */
  testOf({ anyCategory, allCategories, attributes, exclude }: SlateFilter): ItemTest {
    const excluded = new Set(exclude);
    const any = anyCategory.map((category) => this.#categories.known(category));
    const all = allCategories.map((category) => this.#categories.known(category));
    const wanted = attributes.map((term) => this.#attributes.known(term));
    return (itemId) => {
      if (excluded.has(itemId)) return false;
      if (any.length + all.length + wanted.length === 0) return true;
      const facts = this.#items.get(itemId);
      if (facts === undefined) return false;
      const has = (numbers: Int32Array, spellings: readonly number[]): boolean =>
        spellings.some((number) => numbers.includes(number));
      return (
        (any.length === 0 || any.some((spellings) => has(facts.categories, spellings))) &&
        all.every((spellings) => has(facts.categories, spellings)) &&
        wanted.every((spellings) => has(facts.attributes, spellings))
      );
    };
  }
}
