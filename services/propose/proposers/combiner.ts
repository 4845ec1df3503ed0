import { bestRows } from '#algorithms/bandit/choice.ts';
import { CombinerRows } from '#algorithms/combiner/candidate-rows.ts';
import { scoresOf } from '#algorithms/combiner/listwise.ts';
import { COMBINER, COMBINER_FORMAT, type NamedCombiner } from '#artefacts/combiner.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createArtefactLookup } from './artefact-lookup.ts';
import { createGenerationLookup } from './generation-lookup.ts';
import { type Candidate, defineProposer, type ListsForUsers, type ProposedList } from './proposer.ts';

/** The candidates of the factors and the popular items, in the order that later choices of users have taught. */
export const combiner = defineProposer({
  name: COMBINER,
  explanation: 'chosen by people with your choices',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [COMBINER],
  settings: {},
  create({ embeddings, artefacts, candidates }) {
    const find = createGenerationLookup(embeddings);
    const modelOf = createArtefactLookup(artefacts, COMBINER_FORMAT, (named) => new CombinerModel(named));
    const propose: ListsForUsers['propose'] = async (users, signal) => {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        const items = generation === null ? undefined : find(generation);
        // A generation whose combiner was left out has none: its users get no list of this model.
        const model = items && modelOf(generation!);
        if (model === undefined) continue;
        for (const { userId, recent } of group)
          lists.set(userId, { items: model.rank(recent, items!, candidates), generation });
      }
      return lists;
    };
    return { propose };
  },
});

/** The combiner of one generation. */
export class CombinerModel {
  readonly #model: NamedCombiner;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rows: CombinerRows;
  /** 1 for each item that may not be proposed, by the items that may. */
  readonly #withheld = new WeakMap<EmbeddedItems, Uint8Array>();

  constructor(model: NamedCombiner) {
    this.#model = model;
    this.#numbers = new Map(model.itemIds.map((itemId, number) => [itemId, number]));
    this.#rows = new CombinerRows(model);
  }

  /**
   * The candidates of a user who took `recent`, which are left out; none for a user of whom no item is known.
   * @param items those that may be proposed
   */
  rank(recent: readonly string[], items: EmbeddedItems, candidates: number): Candidate[] {
    const taken = recent.flatMap((itemId) => this.#numbers.get(itemId) ?? []);
    if (taken.length === 0) return [];
    const { items: found, rows } = this.#rows.of(taken, this.#withheldFrom(items));
    const scores = scoresOf(rows, this.#model.weights);
    return Array.from(bestRows(scores, candidates), (place) => {
      const itemId = this.#model.itemIds[found[place]!]!;
      return { itemId, score: scores[place]!, popularity: items.popularity[items.placeOf(itemId)]! };
    });
  }

  #withheldFrom(items: EmbeddedItems): Uint8Array {
    let withheld = this.#withheld.get(items);
    if (withheld === undefined) {
      const { itemIds } = this.#model;
      withheld = Uint8Array.from(itemIds, (itemId) => (items.placeOf(itemId) < 0 ? 1 : 0));
      this.#withheld.set(items, withheld);
    }
    return withheld;
  }
}
