import { bestRows } from '#algorithms/bandit/choice.ts';
import { CombinerRows } from '#algorithms/combiner/candidate-rows.ts';
import { addLifts } from '#algorithms/combiner/lifts.ts';
import { scoresOf } from '#algorithms/combiner/listwise.ts';
import { COMBINER, COMBINER_FORMAT, type NamedCombiner } from '#artefacts/combiner.ts';
import { number } from '#platform/config.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createArtefactModel } from './artefact-model.ts';
import { type Candidate, defineProposer } from './proposer.ts';

/** The candidates of the factors and the popular items, in the order that later choices of users have taught. */
export const combiner = defineProposer({
  name: COMBINER,
  explanation: 'chosen by people with your choices',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [COMBINER],
  settings: {
    mostLift: number('TRIBUTARY_COMBINER_LIFT', {
      fallback: 0.5,
      minimum: 0,
      maximum: 1,
      summary:
        'how much less an item may be worth, in log-odds of being chosen, than what it displaces in the list of the user whom it suits best, if it would be shown to nobody; 0 for none',
    }),
  },
  create: ({ settings, ...resources }) =>
    createArtefactModel(
      resources,
      COMBINER_FORMAT,
      (decoded) => new CombinerModel(decoded, settings.mostLift),
    ),
});

/** The combiner of one generation. */
export class CombinerModel {
  readonly #model: NamedCombiner;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rows: CombinerRows;
  /** 1 for each item that may not be proposed, by the items that may. */
  readonly #withheld = new WeakMap<EmbeddedItems, Uint8Array>();

  readonly #mostLift: number;

  /** @param mostLift largest lift of an under-served item, in log-odds */
  constructor(model: NamedCombiner, mostLift: number) {
    this.#mostLift = mostLift;
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
    addLifts({ items: found, scores }, this.#model.lifts, this.#mostLift);
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
