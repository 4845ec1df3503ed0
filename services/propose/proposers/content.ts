import { CONTENT, CONTENT_FORMAT } from '#artefacts/content.ts';
import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';
import { createSpaceModel } from './space-proposer.ts';

/** Items whose categories, attributes and text are like those of the latest items of the window: it knows nothing of other users. */
export const content = defineProposer({
  name: 'content',
  explanation: 'of the kind that you chose last',
  needs: ['interests', 'embeddings', 'artefacts'],
  artefacts: [CONTENT],
  byDefault: false,
  settings: {
    popularityExponent: number('TRIBUTARY_CONTENT_POPULARITY_EXPONENT', {
      fallback: 0.85,
      minimum: 0,
      maximum: 2,
      summary: 'exponent of the popularity by which the likeness of an item to the latest ones is multiplied',
    }),
    latest: number('TRIBUTARY_CONTENT_LATEST', {
      fallback: 50,
      minimum: 1,
      maximum: 1_000,
      integer: true,
      unit: 'items',
      summary: 'latest items of the window to which items of like content are proposed',
    }),
  },
  create: ({ settings: { popularityExponent, latest }, ...resources }) =>
    createSpaceModel(resources, { format: CONTENT_FORMAT, popularityExponent, latest }),
});
