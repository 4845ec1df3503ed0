import type { JudgedSlates } from './judged-slates.ts';

/** All ordered slates of `size` of the items 0 … items−1. */
export function allSlates(items: number, size: number): number[][] {
  if (size === 0) return [[]];
  return allSlates(items, size - 1).flatMap((above) =>
    Array.from({ length: items }, (_, item) => item)
      .filter((item) => !above.includes(item))
      .map((item) => [...above, item]),
  );
}

/** Probability of each item in the next slot, by Plackett–Luce with these scores, given the items above. */
export function nextItem(scores: readonly number[], above: readonly number[]): number[] {
  const powers = scores.map((score, item) => (above.includes(item) ? 0 : Math.exp(score)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function probabilityOf(scores: readonly number[], slate: readonly number[]): number {
  return slate.reduce((product, item, slot) => product * nextItem(scores, slate.slice(0, slot))[item]!, 1);
}

/** Probability that the item stands in the slot, by adding up the slates. */
export function marginal(scores: readonly number[], size: number, item: number, slot: number): number {
  return allSlates(scores.length, size)
    .filter((slate) => slate[slot] === item)
    .reduce((sum, slate) => sum + probabilityOf(scores, slate), 0);
}

/** The expected value of a policy with these scores, by adding up the slates. */
export function trueValue(
  scores: readonly number[],
  size: number,
  rewardsOf: (slate: readonly number[]) => readonly number[],
): number {
  return allSlates(scores.length, size).reduce(
    (sum, slate) => sum + probabilityOf(scores, slate) * rewardsOf(slate).reduce((a, b) => a + b, 0),
    0,
  );
}

/** The log of a uniform policy that showed each slate once: its mean of any function of a slate is the expectation. */
export function everySlateOnce(
  judged: readonly number[],
  size: number,
  rewardsOf: (slate: readonly number[]) => readonly number[],
): JudgedSlates & { readonly items: readonly (readonly number[])[] } {
  const uniform = judged.map(() => 0);
  const items = allSlates(judged.length, size);
  const propensities = (scores: readonly number[]) => ({
    slot: Float64Array.from(
      items.flatMap((slate) => slate.map((item, slot) => marginal(scores, size, item, slot))),
    ),
    given: Float64Array.from(
      items.flatMap((slate) => slate.map((item, slot) => nextItem(scores, slate.slice(0, slot))[item]!)),
    ),
  });
  return {
    users: Int32Array.from(items.keys()),
    slots: size,
    rewards: Float64Array.from(items.flatMap((slate) => rewardsOf(slate))),
    logged: propensities(uniform),
    judged: propensities(judged),
    items,
  };
}
