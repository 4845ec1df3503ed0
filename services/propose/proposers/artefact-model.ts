import type { ArtefactFormat } from '#artefacts/artefact.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createGenerationLookup } from './generation-lookup.ts';
import type { Candidate, ListsForUsers, ProposedList, Resources } from './proposer.ts';
import { takenItems } from './taken-items.ts';

/** What was trained with a generation, ready to rank. */
export interface RankingModel {
  /**
   * The candidates of a user who took `recent`, the latest first; these are left out.
   * @param items those that may be proposed
   * @param candidates most candidates
   * @param types of the user's actions on these items
   */
  rank(
    recent: readonly string[],
    items: EmbeddedItems,
    candidates: number,
    types: Pick<UserInterests, 'types' | 'recentTypes'>,
  ): Candidate[];
}

/** What such a model is created with. */
export interface ArtefactResources extends Pick<Resources, 'embeddings' | 'artefacts'> {
  /** Most candidates of a list. */
  readonly candidates: number;
}

/**
 * A model whose artefact is trained and released with each generation: it ranks by the window, in the generation of the user's interests.
 * Items that the user only turned away from are left out of what it ranks by, as they are of its training, and of its list.
 * Users of a generation that was trained without it, or with another version of it, get no list. A malformed artefact is thrown: the
 * stage counts that as a failure of the model.
 */
export function createArtefactModel<T>(
  { embeddings, artefacts, candidates }: ArtefactResources,
  format: ArtefactFormat<T>,
  build: (decoded: T) => RankingModel,
): ListsForUsers {
  const find = createGenerationLookup(embeddings);
  const ranking: ArtefactFormat<RankingModel> = {
    ...format,
    decode: (artefact) => build(format.decode(artefact)),
  };
  return {
    async propose(users, signal) {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        if (generation === null) continue;
        const items = find(generation);
        const model = items && artefacts.decoded(ranking, generation);
        if (model === undefined) continue;
        for (const user of group) {
          const { recent, refused, ...types } = takenItems(user);
          const ranked = model.rank(recent, items!, candidates, types);
          const kept = refused.size === 0 ? ranked : ranked.filter(({ itemId }) => !refused.has(itemId));
          lists.set(user.userId, { items: kept, generation });
        }
      }
      return lists;
    },
  };
}
