import { certainLaw, countRows, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

/** Shows the candidates with the highest expected reward. It never explores: every propensity is 1. */
export const greedy: PolicyDefinition = {
  name: 'greedy',
  settings: {},
  create: (posterior) =>
    policyOf(({ features, size, rules }) => {
      countRows(features);
      return certainLaw(scoreRows(features, meanOfTable(posterior, features)), size, rules);
    }),
};
