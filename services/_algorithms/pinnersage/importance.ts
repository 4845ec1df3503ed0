export const MILLISECONDS_PER_DAY = 86_400_000;

/** λ per day: 0 counts actions, .1 follows the last days; PinnerSage (KDD 2020, Table 3) chose .01. */
export const DEFAULT_LAMBDA_PER_DAY = 0.01;

/** w·exp(−λ(now − occurredAt)). Times in ms; an action after `now` counts like one at `now`. */
export function decayedWeight(
  weight: number,
  occurredAt: number,
  now: number,
  lambdaPerDay: number = DEFAULT_LAMBDA_PER_DAY,
): number {
  const ageInDays = Math.max(0, now - occurredAt) / MILLISECONDS_PER_DAY;
  return weight * Math.exp(-lambdaPerDay * ageInDays);
}
