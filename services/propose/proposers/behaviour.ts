import { BEHAVIOUR, BEHAVIOUR_FORMAT, type NamedFactors } from '#artefacts/behaviour.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createArtefactModel } from './artefact-model.ts';
import { type Candidate, defineProposer } from './proposer.ts';
import { SharedFactors } from './shared-factors.ts';

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

/** The factors of one generation. */
export class BehaviourModel {
  readonly #factors: SharedFactors;

  constructor(model: NamedFactors) {
    this.#factors = SharedFactors.of(model);
  }

  /**
   * The candidates of a user who took `recent`, which are left out.
   * @param items those that may be proposed
   */
  rank(recent: readonly string[], items: EmbeddedItems, candidates: number): Candidate[] {
    const { itemIds } = this.#factors;
    const { popularity } = this.#factors.match(items);
    const best = this.#factors.best(recent, items, candidates);
    return Array.from({ length: Math.min(candidates, best.items.length) }, (_, rank) => {
      const number = best.items[rank]!;
      return { itemId: itemIds[number]!, score: best.scores[rank]!, popularity: popularity[number]! };
    });
  }
}
