import { bestRows, countRows, meanOfTable, scoreRows } from '#algorithms/bandit/choice.ts';
import { lawBySlot, pickAlike } from '#algorithms/bandit/law-by-slot.ts';
import { conditionalsBy, fill, type LawOfSlates } from '#algorithms/bandit/slate-law.ts';
import { type SlateRules, SlateWalk } from '#algorithms/bandit/slate-rules.ts';
import type { Random } from '#algorithms/random.ts';
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
 *
 * With rules each slot shows the best candidate that they allow below those above, or with probability ε another one that they allow.
 */
export const epsilonGreedy: PolicyDefinition<typeof SETTINGS> = {
  name: 'epsilon-greedy',
  settings: SETTINGS,
  create: (posterior, { epsilon }) =>
    policyOf(({ features, size, rules, random }) => {
      countRows(features);
      const scores = scoreRows(features, meanOfTable(posterior, features));
      if (rules === undefined) return explorationLaw(scores, size, epsilon);
      return explorationByRules(scores, size, epsilon, rules, random.fork('marginals'));
    }),
};

function explorationLaw(scores: Float64Array, size: number, epsilon: number): LawOfSlates {
  const greedy = bestRows(scores, size);
  const isGreedy = new Set(greedy);
  const others = [...scores.keys()].filter((row) => !isGreedy.has(row));
  const outside = others.length;
  const first = Math.max(0, greedy.length - outside);
  const left = (above: Int32Array): number[] => others.filter((row) => !above.includes(row));
  const share = (row: number, slot: number, free: number): number => {
    if (row === greedy[slot]) return slot < first || free === 0 ? 1 : 1 - epsilon;
    return slot < first || free === 0 ? 0 : epsilon / free;
  };
  return {
    size: greedy.length,
    draws: 0,
    draw: (random) =>
      fill(greedy.length, (above, slot) => {
        const free = slot < first ? [] : left(above);
        if (free.length === 0 || random.next() >= epsilon) return greedy[slot]!;
        return free[random.integer(free.length)]!;
      }),
    conditionals: (order) =>
      conditionalsBy(order, (above, slot) => {
        const row = order[slot]!;
        const free = left(above);
        return row === greedy[slot] || free.includes(row) ? share(row, slot, free.length) : 0;
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

function explorationByRules(
  scores: Float64Array,
  size: number,
  epsilon: number,
  rules: SlateRules,
  random: Random,
): LawOfSlates {
  const ranked = bestRows(scores, scores.length);
  const walk = new SlateWalk(rules);
  const best = (): number => ranked.find((row) => walk.allows(row))!;
  return lawBySlot({
    size: Math.min(size, scores.length),
    walk,
    random,
    scoreOf: (row) => scores[row]!,
    pick(from) {
      const greedy = best();
      if (from.next() >= epsilon || walk.count === 1) return greedy;
      return pickAlike(walk, scores.length, from, greedy);
    },
    probability(row) {
      const { count } = walk;
      if (count === 1) return 1;
      return row === best() ? 1 - epsilon : epsilon / (count - 1);
    },
  });
}
