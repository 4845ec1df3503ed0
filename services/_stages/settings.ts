/** Settings that several stages read: they must agree on them, so each is declared once. */
import { type ActionWeights, DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { list, number, type Setting, weights } from '#platform/config.ts';
import { defaultUrl, STAGES } from './stages.ts';

export const INDEX_URLS = list('TRIBUTARY_INDEX_URL', {
  fallback: [defaultUrl(STAGES.index)],
  summary: 'base address of the stage index, or those of all its shards in their order',
});

const ANY_ACTION_WEIGHTS = weights('TRIBUTARY_ACTION_WEIGHTS', DEFAULT_ACTION_WEIGHTS, {
  // Beyond it decayed sums of weights could overflow.
  most: 1_000,
  summary:
    'what each action type says about interest; a type above 0 makes interests, popularity and edges of the graph, and one below 0 only lowers importance',
});

/** Without a type above 0 no action would be an interest, nothing would be trained, and slates would be empty. */
export const ACTION_WEIGHTS: Setting<ActionWeights> = {
  ...ANY_ACTION_WEIGHTS,
  accepts: `${ANY_ACTION_WEIGHTS.accepts}, at least one of them above 0`,
  parse(given) {
    const read = ANY_ACTION_WEIGHTS.parse(given);
    return read !== undefined && Object.values(read).some((weight) => weight > 0) ? read : undefined;
  },
};

export const DUPLICATE_COSINE = number('TRIBUTARY_INDEX_DUPLICATE_COSINE', {
  fallback: 0.999,
  minimum: 0.9,
  maximum: 1,
  summary:
    'cosine from which items that look the same are near-duplicates, of which only one is found; 1 switches that off',
});
