import { Attached } from '#algorithms/attached.ts';
import { byFallingFactor } from '#algorithms/retrieval/bounded-scan.ts';
import { type ProductRows, reserveRows } from '#algorithms/retrieval/product-kernel.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';

/** The items of one generation that may be proposed, by falling popularity; each has a place from 0. */
export interface EmbeddedItems {
  readonly dim: number;
  readonly itemIds: readonly string[];
  /** Of each item, from 0 to 1, falling. */
  readonly popularity: Float64Array;
  /** Vectors of length 1, one an item. */
  readonly rows: ProductRows;
  /** Cosine from which two items are near, at most .5: of pairs drawn at random about one of forty is nearer. */
  readonly nearFrom: number;
  /** The place of an item; −1 for an item that may not be proposed. */
  placeOf(itemId: string): number;
  /**
   * The number of each item in its generation, also of those that may not be proposed; −1 for an item without a vector. The models of a
   * pass look up the same array of ids once.
   */
  numbersOf(itemIds: readonly string[]): Int32Array;
  /** The place of the item of a number, also −1; −1 for an item that may not be proposed. */
  placeOfNumber(number: number): number;
  /** The vector of an item, also of one that may not be proposed; a view. */
  vectorOf(itemId: string): Float32Array | undefined;
}

/**
 * Orders the offered rows of a table by popularity, ties by item id. The result keeps the vectors of now; `vectorOf` reads the
 * table.
 * @param popularityOf from 0 to 1
 */
export function rankItems(
  offered: { readonly table: VectorTable; has(row: number): boolean },
  popularityOf: (itemId: string) => number,
): EmbeddedItems {
  const { table } = offered;
  const { dimension: dim } = table;
  const rows: number[] = [];
  for (let row = 0; row < table.size; row++) if (offered.has(row)) rows.push(row);
  const shares = Float64Array.from(rows, (row) => popularityOf(table.idAt(row)!));
  const order = byFallingFactor(shares, (a, b) => (table.idAt(rows[a]!)! < table.idAt(rows[b]!)! ? -1 : 1));
  const itemIds = new Array<string>(rows.length);
  const popularity = new Float64Array(rows.length);
  const ranked = reserveRows(rows.length, dim);
  const placeOfRow = new Int32Array(table.size).fill(-1);
  order.forEach((own, place) => {
    const row = rows[own]!;
    itemIds[place] = table.idAt(row)!;
    popularity[place] = shares[own]!;
    ranked.matrix.set(table.at(row), place * dim);
    placeOfRow[row] = place;
  });
  // The table may have grown since.
  const placeOfNumber = (number: number): number => placeOfRow[number] ?? -1;
  const numbers = new Attached<readonly string[], Int32Array>();
  return {
    nearFrom: nearCosine(ranked.matrix, dim),
    dim,
    itemIds,
    popularity,
    rows: ranked,
    placeOf: (itemId) => placeOfNumber(table.rowOf(itemId) ?? -1),
    placeOfNumber,
    numbersOf(itemIds) {
      let found = numbers.get(itemIds);
      if (found === undefined) {
        found = new Int32Array(itemIds.length);
        for (let i = 0; i < found.length; i++) found[i] = table.rowOf(itemIds[i]!) ?? -1;
        numbers.set(itemIds, found);
      }
      return found;
    },
    vectorOf(itemId) {
      const row = table.rowOf(itemId);
      return row === undefined ? undefined : table.at(row);
    },
  };
}

/** Pairs from which the cosines of a space are known. */
const PAIRS = 2_000;
/** A prime, by which the second item of a pair is far from the first in the order of popularity. */
const STRIDE = 7_919;

/** In a catalogue of a few tight groups a large part of the pairs is near. */
const MOST_NEAR_FROM = 0.5;

/** Mean and two standard deviations of the cosine of pairs. */
function nearCosine(matrix: Float32Array, dim: number): number {
  const count = matrix.length / dim;
  let pairs = 0;
  let sum = 0;
  let squares = 0;
  for (let pair = 0; pair < PAIRS && count > 1; pair++) {
    const first = pair % count;
    const second = (first + 1 + ((pair * STRIDE) % (count - 1))) % count;
    let cosine = 0;
    for (let i = 0; i < dim; i++) cosine += matrix[first * dim + i]! * matrix[second * dim + i]!;
    pairs++;
    sum += cosine;
    squares += cosine * cosine;
  }
  if (pairs === 0) return 0;
  const mean = sum / pairs;
  return Math.min(MOST_NEAR_FROM, mean + 2 * Math.sqrt(Math.max(0, squares / pairs - mean * mean)));
}
