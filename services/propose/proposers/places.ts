import { PLACES, PLACES_FORMAT } from '#artefacts/places.ts';
import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';
import { createSpaceModel } from './space-proposer.ts';

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
  // All of the window, each item once: items that are taken every week are no better guides to a new one.
  create: ({ settings: { popularityExponent }, ...resources }) =>
    createSpaceModel(resources, { format: PLACES_FORMAT, popularityExponent }),
});
