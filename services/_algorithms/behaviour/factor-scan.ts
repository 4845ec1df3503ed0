import { boundedTopK, byFallingFactor } from '../retrieval/bounded-scan.ts';
import { reserveRows } from '../retrieval/product-kernel.ts';
import { BLOCK_ROWS, type ProductRows, type ProductTable } from '../retrieval/product-rows.ts';
import { type BehaviourFactors, foldIn } from './factors.ts';

/** The items of the highest scores for a user, with exact scores for others. */
export interface ScannedUser {
  /** Numbers of the items, the best first; only items of a score above 0. */
  readonly items: Int32Array;
  readonly scores: Float64Array;
  /** Number of items that were asked for. */
  readonly depth: number;
  /** Rank and score of any items, each of which comes once. */
  ranksAndScores(items: Int32Array): RanksAndScores;
}

/** One entry an item. */
export interface RanksAndScores {
  /** Rank from 0 among those that were found; −1 for another item. */
  readonly ranks: Int32Array;
  /** For the items that were found, the scores of the scan to the bit. */
  readonly scores: Float64Array;
}

/** The first items of a user. */
export function firstOf(user: ScannedUser, depth: number): ScannedUser {
  if (user.items.length <= depth) return user;
  const items = user.items.subarray(0, depth);
  const scores = user.scores.subarray(0, depth);
  const ranksAndScores = (others: Int32Array): RanksAndScores => {
    const { ranks, scores } = user.ranksAndScores(others);
    return { ranks: ranks.map((rank) => (rank < depth ? rank : -1)), scores };
  };
  return { items, scores, depth, ranksAndScores };
}

/** Factors in the order in which a scan reads them. */
export class FactorScan {
  /** By item: its weight in the vector of a user, as in the factors. */
  readonly fold: Float64Array;
  /** The factors by place; their vectors are the rows. */
  readonly #placed: Pick<BehaviourFactors, 'rank' | 'units' | 'fold'>;
  readonly #order: Int32Array;
  readonly #placeOf: Int32Array;
  readonly #rows: ProductRows;
  readonly #offer: Float64Array;
  /** Scratch by item, all zeros between calls: rank + 1. */
  readonly #rankOf: Int32Array;
  /** By the numbers of the items that are left out, the places of their rows; the same array comes again and again. */
  readonly #withheldPlaces = new WeakMap<Uint8Array, Uint8Array>();

  constructor(factors: BehaviourFactors) {
    const { rank, units, fold, offer } = factors;
    this.fold = fold;
    this.#order = byFallingFactor(offer);
    this.#placeOf = new Int32Array(offer.length);
    this.#rankOf = new Int32Array(offer.length);
    this.#rows = reserveRows(offer.length, rank);
    this.#order.forEach((item, place) => {
      this.#placeOf[item] = place;
      this.#rows.matrix.set(units.subarray(item * rank, (item + 1) * rank), place * rank);
    });
    this.#offer = Float64Array.from(this.#order, (item) => offer[item]!);
    const placedFold = Float64Array.from(this.#order, (item) => fold[item]!);
    this.#placed = { rank, units: this.#rows.matrix, fold: placedFold };
  }

  /**
   * @param taken numbers of the items of the user, which are left out
   * @param isWithheld 1 for each other item that is left out; the array must not change afterwards
   */
  scan(taken: readonly number[], k: number, isWithheld: Uint8Array | undefined): ScannedUser {
    const excluded = taken.map((item) => this.#placeOf[item]!);
    const query = foldIn(this.#placed, excluded);
    const withheld = isWithheld && this.#placesOf(isWithheld);
    const scan = { rows: this.#rows, factors: this.#offer, query, k, excluded };
    const { places, scores } = boundedTopK(withheld === undefined ? scan : { ...scan, withheld });
    const items = new Int32Array(places.length);
    for (let place = 0; place < places.length; place++) items[place] = this.#order[places[place]!]!;
    const found = { items, scores };
    return { ...found, depth: k, ranksAndScores: (others) => this.#ranksAndScores(others, query, found) };
  }

  #ranksAndScores(
    others: Int32Array,
    query: Float64Array,
    { items, scores: found }: Pick<ScannedUser, 'items' | 'scores'>,
  ): RanksAndScores {
    const rankOf = this.#rankOf;
    for (let rank = 0; rank < items.length; rank++) rankOf[items[rank]!] = rank + 1;
    const ranks = new Int32Array(others.length);
    const scores = new Float64Array(others.length);
    const unknown: number[] = [];
    for (let i = 0; i < others.length; i++) {
      ranks[i] = rankOf[others[i]!]! - 1;
      if (ranks[i] === -1) unknown.push(i);
      else scores[i] = found[ranks[i]!]!;
    }
    for (let rank = 0; rank < items.length; rank++) rankOf[items[rank]!] = 0;
    const rows = this.#rows;
    rows.begin(query, this.#offer);
    for (let first = 0; first < unknown.length; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, unknown.length - first);
      for (let i = 0; i < count; i++) rows.places[i] = this.#placeOf[others[unknown[first + i]!]!]!;
      rows.scorePlaces(count);
      for (let i = 0; i < count; i++) scores[unknown[first + i]!] = rows.scores[i]!;
    }
    return { ranks, scores };
  }

  /**
   * ⟨units, units⟩ of each of some items with each of others.
   * @param items at most MOST_PLACES numbers
   * @returns a row for each of the others, with a column for each item
   */
  products(items: ArrayLike<number>, others: ArrayLike<number>): ProductTable {
    return this.#rows.products(this.#placesOfItems(items), this.#placesOfItems(others));
  }

  #placesOfItems(items: ArrayLike<number>): Int32Array {
    const places = new Int32Array(items.length);
    for (let i = 0; i < places.length; i++) places[i] = this.#placeOf[items[i]!]!;
    return places;
  }

  #placesOf(isWithheld: Uint8Array): Uint8Array {
    let places = this.#withheldPlaces.get(isWithheld);
    if (places === undefined) {
      places = new Uint8Array(this.#order.length);
      for (let place = 0; place < places.length; place++) places[place] = isWithheld[this.#order[place]!]!;
      this.#withheldPlaces.set(isWithheld, places);
    }
    return places;
  }
}
