import type { ArtefactFormat } from '#artefacts/decoded.ts';
import type { ItemSpace } from '#artefacts/places.ts';
import { createArtefactLookup } from './artefact-lookup.ts';
import { createGenerationLookup } from './generation-lookup.ts';
import { SearchedSpace, type SpaceQuery } from './item-space.ts';
import type { ListsForUsers, ProposedList, Resources } from './proposer.ts';

export interface SpaceModel {
  readonly format: ArtefactFormat<ItemSpace>;
  /** Exponent of popularity, at least 0. */
  readonly popularityExponent: number;
  /** The items of a user by which the space is searched, and their weights. @param recent the window, the latest first */
  readonly weigh: (recent: readonly string[]) => SpaceQuery['taken'];
  readonly candidates: number;
}

/** A model that searches a space of items, which was trained with the generation, by the items of the window. */
export function createSpaceModel(
  { embeddings, artefacts }: Pick<Resources, 'embeddings' | 'artefacts'>,
  { format, popularityExponent, weigh, candidates }: SpaceModel,
): ListsForUsers {
  const find = createGenerationLookup(embeddings);
  const spaceOf = createArtefactLookup(
    artefacts,
    format,
    (space) => new SearchedSpace(space, popularityExponent),
  );
  return {
    async propose(users, signal) {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        const items = generation === null ? undefined : find(generation);
        // A generation that was trained without the space has none: its users get no list of this model.
        const space = items && spaceOf(generation!);
        if (space === undefined) continue;
        for (const { userId, recent } of group) {
          const query = { taken: weigh(recent), seen: recent, items: items!, candidates };
          lists.set(userId, { items: space.rank(query), generation });
        }
      }
      return lists;
    },
  };
}
