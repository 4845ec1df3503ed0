import { boundedTopK, byFallingFactor } from '../retrieval/bounded-scan.ts';
import { type ProductRows, type ProductTable, reserveRows } from '../retrieval/product-kernel.ts';
import { type BehaviourFactors, foldIn } from './factors.ts';

/** The items of the highest scores for a user, with exact scores for others. */
export interface ScannedUser {
  /** Numbers of the items, the best first; only items of a score above 0. */
  readonly items: Int32Array;
  readonly scores: Float64Array;
  /** Number of items that were asked for. */
  readonly depth: number;
  /** The score of any item. */
  scoreOf(item: number): number;
}

/** The first items of a user. */
export function firstOf(user: ScannedUser, depth: number): ScannedUser {
  if (user.items.length <= depth) return user;
  const { items, scores } = user;
  return { ...user, depth, items: items.subarray(0, depth), scores: scores.subarray(0, depth) };
}

/** Factors in the order in which a scan reads them. */
export class FactorScan {
  readonly #factors: BehaviourFactors;
  readonly #order: Int32Array;
  readonly #placeOf: Int32Array;
  readonly #rows: ProductRows;
  readonly #offer: Float64Array;
  /** By the numbers of the items that are left out, the places of their rows; the same array comes again and again. */
  readonly #withheldPlaces = new WeakMap<Uint8Array, Uint8Array>();

  constructor(factors: BehaviourFactors) {
    const { rank, units, offer } = factors;
    this.#factors = factors;
    this.#order = byFallingFactor(offer);
    this.#placeOf = new Int32Array(offer.length);
    this.#rows = reserveRows(offer.length, rank);
    this.#order.forEach((item, place) => {
      this.#placeOf[item] = place;
      this.#rows.matrix.set(units.subarray(item * rank, (item + 1) * rank), place * rank);
    });
    this.#offer = Float64Array.from(this.#order, (item) => offer[item]!);
  }

  /**
   * @param taken numbers of the items of the user, which are left out
   * @param isWithheld 1 for each other item that is left out; the array must not change afterwards
   */
  scan(taken: readonly number[], k: number, isWithheld: Uint8Array | undefined): ScannedUser {
    const { units, offer, rank } = this.#factors;
    const query = foldIn(this.#factors, taken);
    const excluded = taken.map((item) => this.#placeOf[item]!);
    const withheld = isWithheld && this.#placesOf(isWithheld);
    const scan = { rows: this.#rows, factors: this.#offer, query, k, excluded };
    const { places, scores } = boundedTopK(withheld === undefined ? scan : { ...scan, withheld });
    const items = new Int32Array(places.length);
    for (let place = 0; place < places.length; place++) items[place] = this.#order[places[place]!]!;
    // Four sums, as in the scan: the score of an item is the same to the bit, whether the scan has found it or not.
    const scoreOf = (item: number): number => {
      const whole = rank - (rank % 4);
      const start = item * rank;
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let i = 0, at = start; i < whole; i += 4, at += 4) {
        a += query[i]! * units[at]!;
        b += query[i + 1]! * units[at + 1]!;
        c += query[i + 2]! * units[at + 2]!;
        d += query[i + 3]! * units[at + 3]!;
      }
      let product = a + c + (b + d);
      for (let i = whole; i < rank; i++) product += query[i]! * units[start + i]!;
      return offer[item]! * product;
    };
    return { items, scores, depth: k, scoreOf };
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
