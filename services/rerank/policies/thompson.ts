import { thompsonLaw } from '#algorithms/bandit/thompson.ts';
import { number } from '#platform/config.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

const SETTINGS = {
  draws: number('TRIBUTARY_RERANK_DRAWS', {
    fallback: 64,
    minimum: 1,
    maximum: 1_024,
    integer: true,
    unit: 'draws',
    summary:
      'weight vectors that thompson draws from the posterior for a slate; propensities are multiples of 1/draws',
  }),
};

/** Thompson sampling: one of `draws` lists, each the best under a weight vector drawn from the posterior. */
export const thompson: PolicyDefinition<typeof SETTINGS> = {
  name: 'thompson',
  settings: SETTINGS,
  create: (posterior, { draws }) => policyOf((options) => thompsonLaw({ ...options, posterior, draws })),
};
