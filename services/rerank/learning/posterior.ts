import { type Posterior, posterior } from '#algorithms/bandit/linear.ts';
import { createStatistics, merge, type Statistics } from '#algorithms/bandit/statistics.ts';
import { priorMeanOf } from '../features.ts';
import { believableLearned } from './rewards.ts';
import type { StatisticsStore } from './store.ts';

export interface PriorOptions {
  /** Standard deviation of each weight before any reward. */
  readonly priorDeviation: number;
  readonly noiseVariance: number;
}

/** The posterior that slates are chosen from. */
export interface HeldPosterior {
  readonly posterior: Posterior;
  /** Number of rewards in it. */
  readonly observations: number;
}

/** Returns the posterior over the rewards of all partitions, added in partition order, column by column. */
export function learnPosterior(partitions: Iterable<Statistics>, options: PriorOptions): HeldPosterior {
  const total = createStatistics();
  for (const statistics of partitions) merge(total, statistics);
  return {
    posterior: posterior(total, {
      prior: { precision: options.priorDeviation ** -2, meanOf: priorMeanOf },
      noiseVariance: options.noiseVariance,
    }),
    observations: total.count,
  };
}

/** Reads the statistics of all partitions and learns the posterior from them. */
export async function readPosterior(
  store: StatisticsStore,
  partitions: number,
  options: PriorOptions,
): Promise<HeldPosterior> {
  const held = await Promise.all(Array.from({ length: partitions }, (_, partition) => store.load(partition)));
  return learnPosterior(
    held.map(({ learned }) => believableLearned(learned).statistics),
    options,
  );
}
