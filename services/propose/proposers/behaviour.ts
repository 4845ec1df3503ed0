import { foldIn } from '#algorithms/behaviour/factors.ts';
import { boundedTopK, byFallingFactor } from '#algorithms/retrieval/bounded-scan.ts';
import { type ProductRows, reserveRows } from '#algorithms/retrieval/product-kernel.ts';
import { BEHAVIOUR, BEHAVIOUR_FORMAT, type NamedFactors } from '#artefacts/behaviour.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createArtefactModel } from './artefact-model.ts';
import { type Candidate, defineProposer } from './proposer.ts';

/** Items that users took who took what this user took: implicit factors, into which the window is folded as it is now. */
export const behaviour = defineProposer({
  name: 'behaviour',
  explanation: 'chosen by people with your choices',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [BEHAVIOUR],
  settings: {},
  create: (resources) =>
    createArtefactModel(resources, BEHAVIOUR_FORMAT, (decoded) => new BehaviourModel(decoded)),
});

/** The factors of one generation, in the order in which a scan reads them. */
export class BehaviourModel {
  readonly #model: NamedFactors;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rows: ProductRows;
  /** Weight of each row as a candidate. */
  readonly #offer: Float64Array;
  /** Number of the item at each place of the rows, and its inverse. */
  readonly #order: Int32Array;
  readonly #placeOf: Int32Array;
  readonly #matched = new WeakMap<EmbeddedItems, Matched>();

  constructor(model: NamedFactors) {
    this.#model = model;
    const { itemIds, factors } = model;
    const { rank, units, offer } = factors;
    this.#numbers = new Map(itemIds.map((itemId, number) => [itemId, number]));
    this.#order = byFallingFactor(offer, (a, b) => (itemIds[a]! < itemIds[b]! ? -1 : 1));
    this.#placeOf = new Int32Array(itemIds.length);
    this.#rows = reserveRows(itemIds.length, rank);
    this.#order.forEach((number, place) => {
      this.#placeOf[number] = place;
      this.#rows.matrix.set(units.subarray(number * rank, (number + 1) * rank), place * rank);
    });
    this.#offer = Float64Array.from(this.#order, (number) => offer[number]!);
  }

  /**
   * The candidates of a user who took `recent`, which are left out.
   * @param items those that may be proposed
   */
  rank(recent: readonly string[], items: EmbeddedItems, candidates: number): Candidate[] {
    const { withheld, popularity, numberOf } = this.#match(items);
    const taken: number[] = [];
    const numbers = items.numbersOf(recent);
    for (let i = 0; i < recent.length; i++) {
      // An item may have factors and no vector, or a vector that arrived later.
      const number = numberOf[numbers[i]!] ?? this.#numbers.get(recent[i]!) ?? -1;
      if (number >= 0) taken.push(number);
    }
    const query = foldIn(this.#model.factors, taken);
    const excluded = taken.map((number) => this.#placeOf[number]!);
    const scan = { rows: this.#rows, factors: this.#offer, query, k: candidates };
    const { places, scores } = boundedTopK({ ...scan, excluded, withheld });
    return Array.from(places, (place, rank) => ({
      itemId: this.#model.itemIds[this.#order[place]!]!,
      score: scores[rank]!,
      popularity: popularity[place]!,
    }));
  }

  #match(items: EmbeddedItems): Matched {
    let matched = this.#matched.get(items);
    if (matched === undefined) {
      const { itemIds } = this.#model;
      const ordered = Array.from(this.#order, (number) => itemIds[number]!);
      const numbers = items.numbersOf(ordered);
      const places = numbers.map((number) => items.placeOfNumber(number));
      const numberOf = new Int32Array(1 + numbers.reduce((a, b) => Math.max(a, b), -1)).fill(-1);
      numbers.forEach((number, place) => {
        if (number >= 0) numberOf[number] = this.#order[place]!;
      });
      matched = {
        withheld: Uint8Array.from(places, (place) => (place < 0 ? 1 : 0)),
        popularity: Float64Array.from(places, (place) => items.popularity[place] ?? 0),
        numberOf,
      };
      this.#matched.set(items, matched);
    }
    return matched;
  }
}

/** What a model and the items that may be proposed have in common. */
interface Matched {
  /** 1 at the place of each row that may not be proposed. */
  readonly withheld: Uint8Array;
  /** By the place of a row. */
  readonly popularity: Float64Array;
  /** Number of the factors by the number of an item in its generation, −1 for an item without factors. */
  readonly numberOf: Int32Array;
}
