import { DEFAULT_LAMBDA_PER_DAY, decayedWeight } from './importance.ts';

/**
 * Importance of a cluster by its definition, the oracle of tests: Σ w_i·exp(−λ(T_now − T_i)) over its actions (PinnerSage,
 * KDD 2020, cluster importance).
 */
export function importance(
  actions: Iterable<{ readonly weight: number; readonly occurredAt: number }>,
  now: number,
  lambdaPerDay: number = DEFAULT_LAMBDA_PER_DAY,
): number {
  let sum = 0;
  for (const { weight, occurredAt } of actions) sum += decayedWeight(weight, occurredAt, now, lambdaPerDay);
  return sum;
}
