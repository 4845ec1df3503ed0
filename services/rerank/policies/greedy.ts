import { certainChoice, countRows, meanWeights, scoreRows } from '#algorithms/bandit/choice.ts';
import type { PolicyDefinition } from './policy.ts';

/** Shows the candidates with the highest expected reward. It never explores: every propensity is 1. */
export const greedy: PolicyDefinition = {
  name: 'greedy',
  settings: {},
  create: (posterior) => ({
    choose(features, size) {
      countRows(features);
      return certainChoice(scoreRows(features, meanWeights(posterior, features.columns)), size);
    },
  }),
};
