import type { Random } from '../random.ts';

/**
 * Draws up to `k` distinct indices by importance, without replacement, in the order in which they were drawn
 * (PinnerSage, KDD 2020, samples three medoids). An index of importance ≤ 0 or NaN is never drawn.
 *
 * Each index gets an exponential time −ln(u)/importance and the k earliest win (Efraimidis and Spirakis 2006). This
 * equals successive draws: the first is i with probability importance_i / Σ importance, the next likewise among the
 * rest. It uses one uniform number per index of positive importance, in the order of the indices.
 */
export function sampleByImportance(importances: ArrayLike<number>, k: number, random: Random): number[] {
  const arrivals: { index: number; time: number }[] = [];
  for (let index = 0; index < importances.length; index++) {
    const rate = importances[index]!;
    // 1 − next() lies in (0, 1], so every time is finite.
    if (rate > 0) arrivals.push({ index, time: -Math.log(1 - random.next()) / rate });
  }
  arrivals.sort((a, b) => a.time - b.time || a.index - b.index);
  return arrivals.slice(0, Math.max(0, k)).map(({ index }) => index);
}
