import { Attached } from '#algorithms/attached.ts';
import { reserveRows } from '#algorithms/retrieval/product-kernel.ts';
import type { ProductRows } from '#algorithms/retrieval/product-rows.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { pausesAt, runSteps, type Steps } from '#algorithms/steps.ts';

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
  /** The number of an item in its generation, also of one that may not be proposed; −1 for an item without a vector. */
  numberOf(itemId: string): number;
  /** The number of each item. The models of a pass look up the same array of ids once. */
  numbersOf(itemIds: readonly string[]): Int32Array;
  /** The place of the item of a number, also −1; −1 for an item that may not be proposed. */
  placeOfNumber(number: number): number;
  /** The vector of an item, also of one that may not be proposed; a view. */
  vectorOf(itemId: string): Float32Array | undefined;
  /** What a model computes from these items for all users; it is computed once. */
  derived<T>(derivation: Derivation<T>): T;
}

/** Computes something from ranked items for all users, such as the priors of a model. */
export interface Derivation<T> {
  derive(items: EmbeddedItems): Steps<T>;
}

/** The rows of a generation that may be proposed. */
interface Offered {
  readonly table: VectorTable;
  has(row: number): boolean;
}

/** Ranks the offered rows of a table without a pause. @param popularityOf from 0 to 1 */
export function rankItems(offered: Offered, popularityOf: (itemId: string) => number): RankedItems {
  return runSteps(RankedItems.rank(offered, popularityOf));
}

/** The offered rows of a table by popularity, ties by item id. They keep the vectors of their time; `vectorOf` reads the table. */
export class RankedItems implements EmbeddedItems {
  readonly dim: number;
  readonly itemIds: readonly string[];
  readonly popularity: Float64Array;
  readonly rows: ProductRows;
  readonly nearFrom: number;
  readonly #table: VectorTable;
  /** Rows of the table by place. */
  readonly #order: readonly number[];
  /** The inverse, −1 for a row that is not offered. The table may have grown since. */
  readonly #placeOfRow: Int32Array;
  readonly #numbers = new Attached<readonly string[], Int32Array>();
  readonly #derived = new Map<Derivation<unknown>, unknown>();
  readonly #asked = new Set<Derivation<unknown>>();

  private constructor(
    table: VectorTable,
    order: readonly number[],
    { popularity, rows }: Pick<EmbeddedItems, 'popularity' | 'rows'>,
  ) {
    this.dim = table.dimension;
    this.itemIds = order.map((row) => table.idAt(row)!);
    this.popularity = popularity;
    this.rows = rows;
    this.nearFrom = nearCosine(rows.matrix, this.dim);
    this.#table = table;
    this.#order = order;
    this.#placeOfRow = new Int32Array(table.size).fill(-1);
    for (let place = 0; place < order.length; place++) this.#placeOfRow[order[place]!] = place;
  }

  /**
   * @param popularityOf from 0 to 1
   * @param former ranking of the same table: what was asked of it is derived from the new one before a model asks again
   */
  static *rank(
    offered: Offered,
    popularityOf: (itemId: string) => number,
    former?: RankedItems,
  ): Steps<RankedItems> {
    const { table } = offered;
    const order = yield* offeredRows(offered, former === undefined ? [] : former.#order);
    const shares = new Float64Array(table.size);
    for (let i = 0; i < order.length; i++) {
      if (pausesAt(i)) yield;
      shares[order[i]!] = popularityOf(table.idAt(order[i]!)!);
    }
    // A sort that finds most rows in their order already does little.
    order.sort((a, b) => shares[b]! - shares[a]! || (table.idAt(a)! < table.idAt(b)! ? -1 : 1));
    const popularity = new Float64Array(order.length);
    const rows = reserveRows(order.length, table.dimension);
    for (let place = 0; place < order.length; place++) {
      if (pausesAt(place)) yield;
      popularity[place] = shares[order[place]!]!;
      rows.matrix.set(table.at(order[place]!), place * table.dimension);
    }
    yield* rows.prepare();
    const ranked = new RankedItems(table, order, { popularity, rows });
    if (former === undefined) return ranked;
    for (const derivation of former.#asked) ranked.#derived.set(derivation, yield* derivation.derive(ranked));
    return ranked;
  }

  placeOf(itemId: string): number {
    return this.placeOfNumber(this.numberOf(itemId));
  }

  numberOf(itemId: string): number {
    return this.#table.rowOf(itemId) ?? -1;
  }

  numbersOf(itemIds: readonly string[]): Int32Array {
    let found = this.#numbers.get(itemIds);
    if (found === undefined) {
      found = new Int32Array(itemIds.length);
      for (let i = 0; i < found.length; i++) found[i] = this.numberOf(itemIds[i]!);
      this.#numbers.set(itemIds, found);
    }
    return found;
  }

  placeOfNumber(number: number): number {
    return this.#placeOfRow[number] ?? -1;
  }

  vectorOf(itemId: string): Float32Array | undefined {
    const row = this.#table.rowOf(itemId);
    return row === undefined ? undefined : this.#table.at(row);
  }

  derived<T>(derivation: Derivation<T>): T {
    this.#asked.add(derivation);
    if (!this.#derived.has(derivation)) this.#derived.set(derivation, runSteps(derivation.derive(this)));
    return this.#derived.get(derivation) as T;
  }
}

/** The offered rows, those of a former order first. */
function* offeredRows(offered: Offered, former: readonly number[]): Steps<number[]> {
  const { size } = offered.table;
  const isFormer = new Uint8Array(size);
  const rows: number[] = [];
  for (let i = 0; i < former.length; i++) {
    if (pausesAt(i)) yield;
    isFormer[former[i]!] = 1;
    if (offered.has(former[i]!)) rows.push(former[i]!);
  }
  for (let row = 0; row < size; row++) {
    if (pausesAt(row)) yield;
    if (isFormer[row] === 0 && offered.has(row)) rows.push(row);
  }
  return rows;
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
