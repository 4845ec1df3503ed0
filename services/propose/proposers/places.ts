import { PLACES, PLACES_FORMAT } from '#artefacts/places.ts';
import { number } from '#platform/config.ts';
import { createArtefactLookup } from './artefact-lookup.ts';
import { createGenerationLookup } from './generation-lookup.ts';
import { SearchedSpace } from './item-space.ts';
import { defineProposer, type ListsForUsers, type ProposedList } from './proposer.ts';

/** Items that lie among the same users as those of the window: spectral places, a space of their own beside that of PinSage. */
export const places = defineProposer({
  name: 'places',
  explanation: 'taken by people like you',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [PLACES],
  byDefault: false,
  settings: {
    popularityExponent: number('TRIBUTARY_PLACES_POPULARITY_EXPONENT', {
      fallback: 0.85,
      minimum: 0,
      maximum: 2,
      summary: 'exponent of the popularity by which the nearness of an item among the users is multiplied',
    }),
  },
  create({ embeddings, artefacts, settings, candidates }) {
    const find = createGenerationLookup(embeddings);
    const spaceOf = createArtefactLookup(
      artefacts,
      PLACES_FORMAT,
      (space) => new SearchedSpace(space, settings.popularityExponent),
    );
    const propose: ListsForUsers['propose'] = async (users, signal) => {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        const items = generation === null ? undefined : find(generation);
        const space = items && spaceOf(generation!);
        if (space === undefined) continue;
        for (const { userId, recent } of group) {
          // Each item of the window counts once: the items that are taken every week are no better guides to a new one.
          const taken = recent.map((itemId) => ({ itemId, weight: 1 / recent.length }));
          lists.set(userId, {
            items: space.rank({ taken, seen: recent, items: items!, candidates }),
            generation,
          });
        }
      }
      return lists;
    };
    return { propose };
  },
});
