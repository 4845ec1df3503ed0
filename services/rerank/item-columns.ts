import type { Candidates } from './candidates.ts';
import { countAt, type ItemsShown } from './pools/shown-items.ts';

/**
 * Features that no proposal carries: what the catalogue says of an item, and how often it was shown to the user. They stand behind the
 * features of candidates.
 * - `item.newness`: 2^(−age in months of 30 days), 0 to 1; 0 for an item that the catalogue does not list
 * - `item.price`: logarithm of the price, standardised over the candidates that have one, cut to ±3; 0 without one
 * - `item.shown`: log(1 + showings without a reaction)/log(17), 0 to 1; showings count half after seven days
 */
const NEWNESS = 'item.newness';
const PRICE = 'item.price';
const SHOWN = 'item.shown';

/** What the catalogue says of items, with a number that grows whenever it says something else. */
export interface ItemSource {
  readonly version: number;
  /** Whether any item has had a price: before that there is no column. */
  readonly hasPrices: boolean;
  /** Milliseconds since the epoch; undefined for an item that is not listed. */
  sinceOf(itemId: string): number | undefined;
  /** Above 0; undefined without one. */
  priceOf(itemId: string): number | undefined;
}

/** The columns that the catalogue can fill, in their order. */
export function itemColumns({ hasPrices }: Pick<ItemSource, 'hasPrices'>): readonly string[] {
  return hasPrices ? [NEWNESS, PRICE, SHOWN] : [NEWNESS, SHOWN];
}

/** Newness changes so slowly that it is computed once an hour. */
const HOUR_MS = 3_600_000;
const HALF_LIFE_HOURS = 30 * 24;
const LARGEST_PRICE = 3;
/** So many showings count in full. */
const FULL_SHOWN = 16;

/** The hour of the newness, for the same number of which it is the same. */
export function hourOf(now: number): number {
  return Math.floor(now / HOUR_MS);
}

/** Writes what the catalogue says. @param hour as of `hourOf` */
export function fillCatalogueColumns(
  { candidates, features }: Candidates,
  source: ItemSource,
  hour: number,
): void {
  const { columns, values } = features;
  const width = columns.length;
  for (let row = 0, at = columns.indexOf(NEWNESS); row < candidates.length; row++, at += width) {
    const since = source.sinceOf(candidates[row]!.itemId);
    const age = since === undefined ? Number.POSITIVE_INFINITY : Math.max(0, hour - hourOf(since));
    values[at] = 2 ** (-age / HALF_LIFE_HOURS);
  }
  const column = columns.indexOf(PRICE);
  if (column === -1) return;
  const prices = new Float64Array(candidates.length).fill(Number.NaN);
  for (const [row, { itemId }] of candidates.entries()) {
    const price = source.priceOf(itemId);
    if (price !== undefined) prices[row] = Math.log(price);
  }
  const known = prices.filter((price) => !Number.isNaN(price));
  const mean = known.reduce((sum, price) => sum + price, 0) / known.length;
  const variance = known.reduce((sum, price) => sum + (price - mean) ** 2, 0) / known.length;
  const deviation = Math.sqrt(variance);
  for (const [row, price] of prices.entries()) {
    const standard = deviation > 1e-9 && !Number.isNaN(price) ? (price - mean) / deviation : 0;
    values[row * width + column] = Math.max(-LARGEST_PRICE, Math.min(LARGEST_PRICE, standard));
  }
}

/** Writes how often each item was shown to the user without a reaction. @param now milliseconds since the epoch */
export function fillShown({ candidates, features }: Candidates, shown: ItemsShown, now: number): void {
  const { columns, values } = features;
  const width = columns.length;
  let at = columns.indexOf(SHOWN);
  for (let row = 0; row < candidates.length; row++, at += width) {
    const item = shown.size === 0 ? undefined : shown.get(candidates[row]!.itemId);
    values[at] =
      item === undefined ? 0 : Math.min(1, Math.log1p(countAt(item, now)) / Math.log1p(FULL_SHOWN));
  }
}
