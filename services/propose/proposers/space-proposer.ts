import type { ArtefactFormat } from '#artefacts/artefact.ts';
import type { ItemSpace } from '#artefacts/places.ts';
import { type ArtefactResources, createArtefactModel } from './artefact-model.ts';
import { SearchedSpace } from './item-space.ts';
import type { ListsForUsers } from './proposer.ts';

export interface SpaceModel {
  readonly format: ArtefactFormat<ItemSpace>;
  /** Exponent of popularity, at least 0. */
  readonly popularityExponent: number;
  /** Items of the window, the latest first, by which the space is searched, each with the same weight; all by default. */
  readonly latest?: number;
}

/** A model that searches a space of items, which was trained with the generation, by the items of the window. */
export function createSpaceModel(
  resources: ArtefactResources,
  { format, popularityExponent, latest }: SpaceModel,
): ListsForUsers {
  return createArtefactModel(resources, format, (decoded) => {
    const space = new SearchedSpace(decoded, popularityExponent);
    return {
      rank(recent, items, candidates) {
        const own = recent.slice(0, latest);
        const taken = own.map((itemId) => ({ itemId, weight: 1 / own.length }));
        return space.rank({ taken, seen: recent, items, candidates });
      },
    };
  });
}
