import { HYBRID, HYBRID_FORMAT } from '#artefacts/hybrid.ts';
import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';
import { createSpaceModel } from './space-proposer.ts';

/** Items that are most similar to the latest ones of the window, by behaviour, text, categories and supplied vectors together. */
export const hybrid = defineProposer({
  name: 'hybrid',
  explanation: 'similar to your latest choices',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [HYBRID],
  byDefault: false,
  settings: {
    popularityExponent: number('TRIBUTARY_HYBRID_POPULARITY_EXPONENT', {
      fallback: 0.85,
      minimum: 0,
      maximum: 2,
      summary:
        'exponent of the popularity by which the similarity of an item to the latest ones is multiplied',
    }),
    latest: number('TRIBUTARY_HYBRID_LATEST', {
      fallback: 50,
      minimum: 1,
      maximum: 1_000,
      integer: true,
      unit: 'items',
      summary: 'latest items of the window to which similar ones are proposed',
    }),
  },
  create: ({ settings: { popularityExponent, latest }, ...resources }) =>
    createSpaceModel(resources, { format: HYBRID_FORMAT, popularityExponent, latest }),
});
