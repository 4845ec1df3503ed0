import type { Prior } from '#algorithms/bandit/linear.ts';
import { priorMeanOf } from './features.ts';

/**
 * The columns of statistics beside the features of candidates. No model may be named `at`, so these names are no feature's.
 * - `at.slot-<place>`: the place in the slate. Its weight is how much less the place is looked at; it is no part of a ranking.
 * - `at.<context>`: what is known of the request and the user. It is the same for all candidates.
 * - `<model>.score.x.<context>`: the product of both, so that models may count more or less by context.
 */

/** No model has this name. */
export const CONTEXT_PREFIX = 'at.';
const SLOT_PREFIX = `${CONTEXT_PREFIX}slot-`;
const TIMES = '.x.';

/** What rules add to a score: it counts as it is, and nothing is learned of it. */
export const BOOST = `${CONTEXT_PREFIX}boost`;

export function slotColumn(place: number): string {
  return `${SLOT_PREFIX}${place}`;
}

/** Name of the product of a score with a number of the context. */
export function interactionName(score: string, context: string): string {
  return `${score}${TIMES}${context.slice(CONTEXT_PREFIX.length)}`;
}

export function isScore(column: string): boolean {
  return /^[^.]+\.([a-z]+-)?score$/.test(column);
}

/** Whether the column is computed from others, so that no reward names it. */
export function isDerived(column: string): boolean {
  return column.startsWith(SLOT_PREFIX) || column.includes(TIMES);
}

/** Whether the column tells candidates of one slate apart. */
export function ranks(column: string): boolean {
  return !column.startsWith(CONTEXT_PREFIX);
}

/**
 * Standard deviation of the weights of the bias, the places and the context, in units of the score. It is wide, because it must not
 * cost anything to learn that rewards are rare or frequent: what these columns may not explain, the scores would have to.
 */
const WIDE = 2;

/** A weight that is no question. */
const CERTAIN = 1e-6;

function deviationOf(column: string, deviation: number): number {
  if (column === BOOST) return CERTAIN;
  return column === 'bias' || !ranks(column) ? WIDE : deviation;
}

/** @param deviation standard deviation of the weights that rank, in units of the score */
export function priorOf(deviation: number): Prior {
  return {
    precision: deviation ** -2,
    precisionOf: (column) => deviationOf(column, deviation) ** -2,
    meanOf: (column) => (column === BOOST ? 1 : priorMeanOf(column)),
  };
}
