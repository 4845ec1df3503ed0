/**
 * Bounds of the numbers that records carry, in one table. A finite number may still be so large that sums, squares and
 * products of it are not, and then it spoils what was computed from the numbers of all others.
 */
import type { Fault } from '../fault.ts';

export interface Bound {
  readonly least: number;
  readonly most: number;
}

export const NUMBER_BOUNDS = {
  /** A model's own score of a candidate; models may score by raw counts. */
  score: { least: -1e12, most: 1e12 },
  /** A share of a whole or of the largest: popularity, importance of a cause. */
  share: { least: 0, most: 1 },
  /** Importance of a medoid: a sum of decayed weights of actions. */
  importance: { least: -1e9, most: 1e9 },
  /** A feature as the policy uses it. Squares of it are summed, beside a prior of about 1. */
  feature: { least: -1_000, most: 1_000 },
  /** The reward of a shown item. */
  reward: { least: -1e6, most: 1e6 },
} as const satisfies Readonly<Record<string, Bound>>;

export function isWithin(value: number, { least, most }: Bound): boolean {
  return value >= least && value <= most;
}

/** Returns the fault of a number in `field`; undefined if it lies within the bound. NaN lies within none. */
export function numberFault(field: string, value: number, bound: Bound): Fault | undefined {
  if (isWithin(value, bound)) return undefined;
  const reason = `is ${value}; it must be from ${bound.least} to ${bound.most}`;
  return { code: 'number.invalid', field, reason };
}

/**
 * Most entries of lists in records: medoids, recent items and candidates as `entries`, models of a proposal as `lists`. A message
 * of a megabyte can hold many thousands, and compressed ones can hold millions.
 */
export const LIST_LIMITS = {
  entries: 10_000,
  lists: 32,
  slots: 1_000,
  features: 1_000,
  explanations: 32,
} as const;

/** Returns the fault of a list in `field`; undefined if it has at most `most` entries. */
export function lengthFault(
  field: string,
  { length }: ArrayLike<unknown>,
  most: number = LIST_LIMITS.entries,
): Fault | undefined {
  if (length <= most) return undefined;
  return {
    code: 'list.limit',
    field,
    reason: `has ${length} entries; at most ${most} are allowed`,
  };
}
