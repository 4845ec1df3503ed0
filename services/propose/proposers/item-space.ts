import { boundedTopK } from '#algorithms/retrieval/bounded-scan.ts';
import { reserveRows } from '#algorithms/retrieval/product-kernel.ts';
import type { ProductRows } from '#algorithms/retrieval/product-rows.ts';
import { pausesAt, type Steps } from '#algorithms/steps.ts';
import type { ItemSpace } from '#artefacts/places.ts';
import type { Derivation, EmbeddedItems } from '../embeddings/embedded-items.ts';
import { offeredPlaces, priorSteps } from './medoid-ranking.ts';
import type { Candidate } from './proposer.ts';

export interface SpaceQuery {
  /** Of the user, each with its weight above 0. */
  readonly taken: readonly { readonly itemId: string; readonly weight: number }[];
  /** Ids of items that are left out. */
  readonly seen: readonly string[];
  /** Those that may be proposed. */
  readonly items: EmbeddedItems;
  /** Most candidates. */
  readonly candidates: number;
}

/** Items that may be proposed with their vectors in the space, in the order of their popularity. */
interface Offered {
  readonly rows: ProductRows;
  readonly factors: Float64Array;
}

/** A space of items that was trained with a generation, searched by the items of a user. */
export class SearchedSpace {
  readonly #space: ItemSpace;
  readonly #exponent: number;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #offer: Derivation<Offered> = { derive: (items) => this.#offered(items) };

  /** @param exponent of the popularity by which the similarity of an item is multiplied, at least 0 */
  constructor(space: ItemSpace, exponent: number) {
    this.#space = space;
    this.#exponent = exponent;
    this.#numbers = new Map(space.itemIds.map((itemId, number) => [itemId, number]));
  }

  /** The vector of an item, a view; undefined for an item that the space does not know. */
  vectorOf(itemId: string): Float32Array | undefined {
    const { dim, units } = this.#space;
    const number = this.#numbers.get(itemId);
    return number === undefined ? undefined : units.subarray(number * dim, (number + 1) * dim);
  }

  /**
   * The candidates of the highest Σ weight · cosine to the items of the user, times popularity to the exponent, over all items that
   * may be proposed: one scan, which is exact. Scores are above 0.
   */
  rank({ taken, seen, items, candidates }: SpaceQuery): Candidate[] {
    const { dim } = this.#space;
    const query = new Float64Array(dim);
    for (const { itemId, weight } of taken) {
      const vector = this.vectorOf(itemId);
      if (vector !== undefined) for (let i = 0; i < dim; i++) query[i]! += weight * vector[i]!;
    }
    const excluded = offeredPlaces(seen, items);
    const { places, scores } = boundedTopK({ ...items.derived(this.#offer), query, k: candidates, excluded });
    return Array.from(places, (place, rank) => ({
      itemId: items.itemIds[place]!,
      score: scores[rank]!,
      popularity: items.popularity[place]!,
    }));
  }

  *#offered(items: EmbeddedItems): Steps<Offered> {
    const { dim } = this.#space;
    const rows = reserveRows(items.itemIds.length, dim);
    for (let place = 0; place < items.itemIds.length; place++) {
      if (pausesAt(place)) yield;
      const vector = this.vectorOf(items.itemIds[place]!);
      if (vector !== undefined) rows.matrix.set(vector, place * dim);
    }
    yield* rows.prepare();
    return { rows, factors: yield* priorSteps(items, this.#exponent) };
  }
}
