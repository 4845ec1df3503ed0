import { bestRows, type Choice, countRows, meanWeights, scoreRows } from '#algorithms/bandit/choice.ts';
import type { Random } from '#algorithms/random.ts';
import { number } from '#platform/config.ts';
import type { PolicyDefinition } from './policy.ts';

const SETTINGS = {
  epsilon: number('TRIBUTARY_RERANK_EPSILON', {
    fallback: 0.1,
    minimum: 0,
    maximum: 1,
    summary: 'probability with which epsilon-greedy shows a random candidate in a slot',
  }),
};

/**
 * Shows the candidates with the highest expected reward, except that each slot, independently with probability ε, shows
 * one of the other candidates instead, drawn uniformly and no candidate twice. With m other candidates only the last m
 * slots take part, so that the draws cannot run out. By symmetry each of the others has the probability ε/m in each of
 * these slots, and the greedy candidate has 1 − ε.
 */
export const epsilonGreedy: PolicyDefinition<typeof SETTINGS> = {
  name: 'epsilon-greedy',
  settings: SETTINGS,
  create: (posterior, { epsilon }) => ({
    choose(features, size, random) {
      countRows(features);
      const scores = scoreRows(features, meanWeights(posterior, features.columns));
      return explore(scores, size, epsilon, random);
    },
  }),
};

function explore(scores: Float64Array, size: number, epsilon: number, random: Random): Choice {
  const order = bestRows(scores, size);
  const isShown = new Set(order);
  const others = [...scores.keys()].filter((row) => !isShown.has(row));
  const outside = others.length;
  const propensities = new Float64Array(order.length).fill(1);
  for (let slot = Math.max(0, order.length - outside); slot < order.length; slot++) {
    if (random.next() >= epsilon) {
      propensities[slot] = 1 - epsilon;
      continue;
    }
    const drawn = random.integer(others.length);
    order[slot] = others[drawn]!;
    others[drawn] = others.at(-1)!;
    others.pop();
    propensities[slot] = epsilon / outside;
  }
  return { order, scores: Float64Array.from(order, (row) => scores[row]!), propensities };
}
