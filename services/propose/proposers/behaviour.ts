import { foldIn } from '#algorithms/behaviour/factors.ts';
import { boundedTopK, byFallingFactor, type FactoredRows } from '#algorithms/retrieval/bounded-scan.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { BEHAVIOUR, BEHAVIOUR_FORMAT, type NamedFactors } from '#artefacts/behaviour.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createGenerationLookup } from './generation-lookup.ts';
import { type Candidate, defineProposer, type ListsForUsers, type ProposedList } from './proposer.ts';

/** Items that users took who took what this user took: implicit factors, into which the window is folded as it is now. */
export const behaviour = defineProposer({
  name: 'behaviour',
  explanation: 'chosen by people with your choices',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [BEHAVIOUR],
  settings: {},
  create({ embeddings, artefacts, candidates }) {
    const find = createGenerationLookup(embeddings);
    const decoded = new WeakMap<Artefact, BehaviourModel>();
    const modelOf = (generation: string): BehaviourModel | undefined => {
      const artefact = artefacts.read(BEHAVIOUR, generation);
      if (artefact === undefined || artefact.format !== BEHAVIOUR_FORMAT.format) return undefined;
      const model = decoded.get(artefact) ?? new BehaviourModel(BEHAVIOUR_FORMAT.decode(artefact));
      decoded.set(artefact, model);
      return model;
    };
    const propose: ListsForUsers['propose'] = async (users, signal) => {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        if (generation === null) continue;
        const items = find(generation);
        // A generation that was trained before there were such factors has none: its users get no list of this model.
        const model = items && modelOf(generation);
        if (model === undefined) continue;
        for (const { userId, recent } of group)
          lists.set(userId, { items: model.rank(recent, items!, candidates), generation });
      }
      return lists;
    };
    return { propose };
  },
});

/** The factors of one generation, in the order in which a scan reads them. */
export class BehaviourModel {
  readonly #model: NamedFactors;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rows: FactoredRows;
  /** Number of the item at each place of the rows, and its inverse. */
  readonly #order: Int32Array;
  readonly #placeOf: Int32Array;
  /** 1 at the place of each item that may not be proposed, by the items that may. */
  readonly #withheld = new WeakMap<EmbeddedItems, Uint8Array>();

  constructor(model: NamedFactors) {
    this.#model = model;
    const { itemIds, factors } = model;
    const { rank, units, offer } = factors;
    this.#numbers = new Map(itemIds.map((itemId, number) => [itemId, number]));
    this.#order = byFallingFactor(offer, (a, b) => (itemIds[a]! < itemIds[b]! ? -1 : 1));
    this.#placeOf = new Int32Array(itemIds.length);
    const matrix = new Float32Array(units.length);
    this.#order.forEach((number, place) => {
      this.#placeOf[number] = place;
      matrix.set(units.subarray(number * rank, (number + 1) * rank), place * rank);
    });
    this.#rows = { matrix, dim: rank, factors: Float64Array.from(this.#order, (number) => offer[number]!) };
  }

  /**
   * The candidates of a user who took `recent`, which are left out.
   * @param items those that may be proposed
   */
  rank(recent: readonly string[], items: EmbeddedItems, candidates: number): Candidate[] {
    const taken = recent.flatMap((itemId) => this.#numbers.get(itemId) ?? []);
    const query = foldIn(this.#model.factors, taken);
    const excluded = this.#withheldFrom(items).slice();
    for (const number of taken) excluded[this.#placeOf[number]!] = 1;
    const { places, scores } = boundedTopK({ rows: this.#rows, query, k: candidates, excluded });
    return Array.from(places, (place, rank) => {
      const itemId = this.#model.itemIds[this.#order[place]!]!;
      const popularity = items.popularity[items.placeOf(itemId)]!;
      return { itemId, score: scores[rank]!, popularity };
    });
  }

  #withheldFrom(items: EmbeddedItems): Uint8Array {
    let withheld = this.#withheld.get(items);
    if (withheld === undefined) {
      const { itemIds } = this.#model;
      withheld = Uint8Array.from(this.#order, (number) => (items.placeOf(itemIds[number]!) < 0 ? 1 : 0));
      this.#withheld.set(items, withheld);
    }
    return withheld;
  }
}
