import { LEAST_EFFECTIVE_USERS } from '../../evaluation/effective-users.ts';
import type { Judgement, Method } from './estimate.ts';

/** Below this mean weight too much of what a policy would show was never shown. */
export const LEAST_MEAN_WEIGHT = 0.9;
/** Above it the propensities of the log do not fit its slates. */
export const LARGEST_MEAN_WEIGHT = 1.1;

/** With fewer slates that speak about a policy, a few large weights decide its value, and its interval is too narrow. */
export const LEAST_EFFECTIVE_SIZE = 100;

export type WinnerOrRefusal =
  | { readonly winner: string }
  /** No policy is named, and the reason. */
  | { readonly refused: string };

/** Returns why the value of a policy is not known from the log; undefined if it is. */
export function refusalOf({
  meanWeight,
  effectiveSampleSize,
  effectiveUsers,
  looking,
}: Judgement): string | undefined {
  const mean = `The mean weight (${looking}) is ${meanWeight.toFixed(3)}`;
  if (!(meanWeight >= LEAST_MEAN_WEIGHT))
    return `${mean}, below ${LEAST_MEAN_WEIGHT}: the log lacks choices of the policy. Log with more exploration.`;
  if (meanWeight > LARGEST_MEAN_WEIGHT)
    return `${mean}, above ${LARGEST_MEAN_WEIGHT}: the propensities do not fit the log, or it is too short.`;
  if (!(effectiveSampleSize >= LEAST_EFFECTIVE_SIZE))
    return `The effective sample size (${looking}) is ${effectiveSampleSize.toFixed(0)}, below ${LEAST_EFFECTIVE_SIZE}: log more slates, or judge a policy that is nearer to the logged one.`;
  if (!(effectiveUsers >= LEAST_EFFECTIVE_USERS))
    return `The slates count like those of ${effectiveUsers.toFixed(0)} users with equally many, below ${LEAST_EFFECTIVE_USERS}: log more users.`;
  return undefined;
}

/**
 * Names the policy that is better than the one that logged, with the highest value whose lead has an interval above 0. Refuses if
 * the value of any judged policy is not known: its mean weight is outside [.9, 1.1], its effective sample size below 100, or its users fewer than 20.
 */
export function nameWinner(judgements: ReadonlyMap<string, Judgement>, method: Method): WinnerOrRefusal {
  let best: { readonly name: string; readonly value: number } | undefined;
  for (const [name, judgement] of judgements) {
    const reason = refusalOf(judgement);
    if (reason !== undefined) return { refused: `${name}: ${reason}` };
    const estimate = judgement.values.get(method);
    if (estimate === undefined) throw new RangeError(`${name} has no estimate by ${method}`);
    if (estimate.lead.low > 0 && !(best !== undefined && best.value >= estimate.value))
      best = { name, value: estimate.value };
  }
  return best === undefined
    ? { refused: 'No policy has a lead over the logged one whose interval is above 0.' }
    : { winner: best.name };
}
