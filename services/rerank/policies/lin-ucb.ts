import { certainLaw, countRows, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { varianceOfScore, withColumns } from '#algorithms/bandit/linear.ts';
import { number } from '#platform/config.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

const SETTINGS = {
  deviations: number('TRIBUTARY_RERANK_UCB_DEVIATIONS', {
    fallback: 1,
    minimum: 0,
    maximum: 100,
    summary: 'standard deviations of its expected reward that lin-ucb adds to the score of a candidate',
  }),
};

/**
 * LinUCB (Li et al. 2010, Algorithm 1) on the Bayesian posterior: the score is the expected reward plus so many of its
 * standard deviations, xᵀμ + k·√(xᵀΛ⁻¹x). The choice is a function of the posterior: every propensity is 1.
 */
export const linUcb: PolicyDefinition<typeof SETTINGS> = {
  name: 'lin-ucb',
  settings: SETTINGS,
  create: (posterior, { deviations }) =>
    policyOf(({ features, size, rules }) => {
      const rows = countRows(features);
      const { columns, values, products = [] } = features;
      const law = withColumns(posterior, [...columns, ...products.map(({ name }) => name)]);
      const places = columns.map((name) => law.columns.get(name)!);
      const scores = scoreRows(features, meanOfTable(law, features));
      for (let row = 0; row < rows; row++) {
        const x = new Float64Array(law.mean.length);
        for (const [column, place] of places.entries()) x[place] = values[row * columns.length + column]!;
        for (const { name, column, factor } of products)
          x[law.columns.get(name)!] = factor * values[row * columns.length + column]!;
        scores[row]! += deviations * Math.sqrt(varianceOfScore(law, x));
      }
      return certainLaw(scores, size, rules);
    }),
};
