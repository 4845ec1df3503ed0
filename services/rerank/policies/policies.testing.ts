import { type Posterior, posterior } from '#algorithms/bandit/linear.ts';
import { createStatistics } from '#algorithms/bandit/statistics.ts';

/** A posterior that has learned nothing: independent weights with these means, 0 for others, and one variance. */
export function priorPosterior(means: Readonly<Record<string, number>>, variance = 1): Posterior {
  const known = new Map(Object.entries(means));
  const prior = { precision: 1 / variance, meanOf: (column: string) => known.get(column) ?? 0 };
  return posterior(createStatistics(), { prior, noiseVariance: 1 });
}
