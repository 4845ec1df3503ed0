import { certainRows, countRows, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { type AllowsRow, conditionalsBy, fill, type LawOfSlates } from '#algorithms/bandit/slate-law.ts';
import { number } from '#platform/config.ts';
import { type PolicyDefinition, policyOf } from './policy.ts';

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
  create: (posterior, { epsilon }) =>
    policyOf(({ features, size, allows }) => {
      countRows(features);
      const scores = scoreRows(features, meanOfTable(posterior, features));
      return explorationLaw(scores, size, epsilon, allows);
    }),
};

function explorationLaw(
  scores: Float64Array,
  size: number,
  epsilon: number,
  allows: AllowsRow | undefined,
): LawOfSlates {
  const greedy = certainRows(scores, size, allows);
  const isGreedy = new Set(greedy);
  const others = [...scores.keys()].filter((row) => !isGreedy.has(row));
  const outside = others.length;
  const first = Math.max(0, greedy.length - outside);
  const left = (above: Int32Array, slot: number): number[] =>
    others.filter((row) => !above.includes(row) && (allows === undefined || allows(row, above, slot)));
  const share = (row: number, slot: number, free: number): number => {
    if (row === greedy[slot]) return slot < first || free === 0 ? 1 : 1 - epsilon;
    return slot < first || free === 0 ? 0 : epsilon / free;
  };
  const isFree = (row: number, above: Int32Array, slot: number): boolean =>
    row === greedy[slot] || left(above, slot).includes(row);
  return {
    size: greedy.length,
    draws: 0,
    draw: (random) =>
      fill(greedy.length, (above, slot) => {
        const free = slot < first ? [] : left(above, slot);
        if (free.length === 0 || random.next() >= epsilon) return greedy[slot]!;
        return free[random.integer(free.length)]!;
      }),
    conditionals: (order) =>
      conditionalsBy(order, (above, slot) => {
        const row = order[slot]!;
        return isFree(row, above, slot) ? share(row, slot, left(above, slot).length) : 0;
      }),
    marginals: (order) => Float64Array.from(order, (row, slot) => share(row, slot, outside)),
    inclusions: (order) =>
      Float64Array.from(order, (row) => {
        const place = greedy.indexOf(row);
        if (place !== -1) return share(row, place, outside);
        return (epsilon * (greedy.length - first)) / outside;
      }),
    scores: (order) => Float64Array.from(order, (row) => scores[row]!),
  };
}
