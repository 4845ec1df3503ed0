import { boundedTopK, byFallingFactor } from '#algorithms/retrieval/bounded-scan.ts';
import { reserveRows } from '#algorithms/retrieval/product-kernel.ts';
import type { ProductRows } from '#algorithms/retrieval/product-rows.ts';
import { sequenceState } from '#algorithms/sequence/network.ts';
import { pausesAt, type Steps } from '#algorithms/steps.ts';
import { norm, row } from '#algorithms/vectors.ts';
import { type NamedSequence, SEQUENCE, SEQUENCE_FORMAT } from '#artefacts/sequence.ts';
import type { Derivation, EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createArtefactModel } from './artefact-model.ts';
import { type Candidate, defineProposer } from './proposer.ts';

/** Items that a network over sequences, a gated recurrent unit or self-attention, expects next, after the latest items of the window in their order. */
export const sequence = defineProposer({
  name: 'sequence',
  explanation: 'often chosen next',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [SEQUENCE],
  byDefault: false,
  settings: {},
  create: (resources) =>
    createArtefactModel(resources, SEQUENCE_FORMAT, (decoded) => new SequenceRanking(decoded)),
});

/** Numbers of a row are a multiple of so many, as the fast scan wants them. */
const LANES = 4;

/** The model of one generation, in the order in which a scan reads it. */
export class SequenceRanking {
  readonly #model: NamedSequence;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rows: ProductRows;
  readonly #lengths: Float64Array;
  /** Number of the item at each place of the rows, and its inverse. */
  readonly #order: Int32Array;
  readonly #placeOf: Int32Array;
  /** 1 at the place of each item that may not be proposed, by the items that may. */
  readonly #withheld: Derivation<Uint8Array> = { derive: (items) => this.#withheldFrom(items) };

  constructor(model: NamedSequence) {
    this.#model = model;
    const { itemIds } = model;
    this.#numbers = new Map(itemIds.map((itemId, number) => [itemId, number]));
    const { width, values } = centredRows(model);
    const lengths = Float64Array.from(itemIds, (_, item) => norm(row(values, item, width)));
    this.#order = byFallingFactor(lengths, (a, b) => (itemIds[a]! < itemIds[b]! ? -1 : 1));
    this.#placeOf = new Int32Array(itemIds.length);
    this.#rows = reserveRows(itemIds.length, width);
    const { matrix } = this.#rows;
    this.#order.forEach((item, place) => {
      this.#placeOf[item] = place;
      const scale = lengths[item] === 0 ? 0 : 1 / lengths[item]!;
      for (let i = 0; i < width; i++) matrix[place * width + i] = scale * values[item * width + i]!;
    });
    this.#lengths = Float64Array.from(this.#order, (item) => lengths[item]!);
  }

  /**
   * The candidates of a user who took `recent`, the latest first; these are left out. The score of an item is its logit above the mean of
   * all items, and above 0.
   * @param items those that may be proposed
   */
  rank(recent: readonly string[], items: EmbeddedItems, candidates: number): Candidate[] {
    const { network, vectors, lookBack, itemIds } = this.#model;
    const { hidden } = network.weights;
    const taken = recent.flatMap((itemId) => this.#numbers.get(itemId) ?? []);
    if (taken.length === 0) return [];
    const latest = taken.slice(0, lookBack).reverse();
    const state = sequenceState(
      network,
      latest.map((item) => row(vectors, item, hidden)),
    );
    const query = new Float64Array(this.#rows.dim);
    query.set(state);
    query[state.length] = 1;
    const excluded = taken.map((item) => this.#placeOf[item]!);
    const withheld = items.derived(this.#withheld);
    const scan = { rows: this.#rows, factors: this.#lengths, query, k: candidates };
    const { places, scores } = boundedTopK({ ...scan, excluded, withheld });
    return Array.from(places, (place, rank) => {
      const itemId = itemIds[this.#order[place]!]!;
      return { itemId, score: scores[rank]!, popularity: items.popularity[items.placeOf(itemId)]! };
    });
  }

  *#withheldFrom(items: EmbeddedItems): Steps<Uint8Array> {
    const { itemIds } = this.#model;
    const withheld = new Uint8Array(this.#order.length);
    for (let place = 0; place < withheld.length; place++) {
      if (pausesAt(place)) yield;
      withheld[place] = items.placeOf(itemIds[this.#order[place]!]!) < 0 ? 1 : 0;
    }
    return withheld;
  }
}

/**
 * The vector of each item and behind it its offset, less their means: logits less their mean have the same order, and those of the best
 * items are above 0, which a scan needs to end early.
 */
function centredRows({ network, vectors, offsets }: NamedSequence): { width: number; values: Float32Array } {
  const { hidden: dim } = network.weights;
  const width = LANES * Math.ceil((dim + 1) / LANES);
  const count = offsets.length;
  const values = new Float32Array(count * width);
  for (let item = 0; item < count; item++) {
    values.set(vectors.subarray(item * dim, (item + 1) * dim), item * width);
    values[item * width + dim] = offsets[item]!;
  }
  for (let i = 0; i <= dim; i++) {
    let mean = 0;
    for (let item = 0; item < count; item++) mean += values[item * width + i]! / count;
    for (let item = 0; item < count; item++) values[item * width + i]! -= mean;
  }
  return { width, values };
}
