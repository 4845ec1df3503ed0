import { countRows, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { plackettLuceLaw } from '#algorithms/bandit/plackett-luce.ts';
import { number } from '#platform/config.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

const SETTINGS = {
  temperature: number('TRIBUTARY_RERANK_TEMPERATURE', {
    fallback: 0.02,
    minimum: 1e-4,
    maximum: 100,
    summary:
      'difference of expected scores that makes plackett-luce show a candidate e times as often as another; one standard deviation of the score of a model is .05 before any reward',
  }),
};

/**
 * Plackett–Luce over the expected rewards: every candidate may stand in every slot, and the probability of each slot given those above is
 * exact. It is the policy for experiments.
 */
export const plackettLuce: PolicyDefinition<typeof SETTINGS> = {
  name: 'plackett-luce',
  settings: SETTINGS,
  create: (posterior, { temperature }) =>
    policyOf(({ features, size, random, rules }) => {
      countRows(features);
      const scores = scoreRows(features, meanOfTable(posterior, features));
      return plackettLuceLaw({ scores, size, temperature, rules, random: random.fork('marginals') });
    }),
};
