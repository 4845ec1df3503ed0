import { createHash } from 'node:crypto';
import { marginal, type Posterior, posterior } from '#algorithms/bandit/linear.ts';
import { createStatistics, merge } from '#algorithms/bandit/statistics.ts';
import { priorOf, ranks } from '../columns.ts';
import { blocksInUse, decayOf, type LearnedBlock } from './blocks.ts';
import { believableLearned, type Learned, type LearningTerms } from './rewards.ts';
import type { StatisticsStore } from './store.ts';

export interface PriorOptions extends Pick<LearningTerms, 'halfLifeMs'> {
  /** Standard deviation of each weight before any reward. */
  readonly priorDeviation: number;
  readonly noiseVariance: number;
}

/** The posterior that slates are chosen from. */
export interface HeldPosterior {
  /** Of the columns that tell candidates apart, whatever the rate, the places and the context add. */
  readonly posterior: Posterior;
  /** Number of rewards in it. */
  readonly observations: number;
  /** Digest of what is in it: empty for nothing. */
  readonly id: string;
  /** By partition, the last offset in it; empty if it is not of the log. */
  readonly offsets: readonly number[];
}

/**
 * Returns the posterior over the rewards of all partitions, added in partition order, column by column, as they count at the time of
 * the newest of them.
 */
export function learnPosterior(
  partitions: Iterable<Pick<Learned, 'blocks'>>,
  { halfLifeMs, priorDeviation, noiseVariance }: PriorOptions,
  id = '',
): HeldPosterior {
  const all = [...partitions].flatMap(({ blocks }) => [...blocks.values()].sort(byIndex));
  const used = blocksInUse(all);
  const now = Math.max(0, ...used.map(({ newest }) => newest));
  const total = createStatistics();
  for (const block of used) merge(total, block.statistics, decayOf(block, now, halfLifeMs));
  const full = posterior(total, { prior: priorOf(priorDeviation), noiseVariance });
  return { posterior: marginal(full, ranks), observations: total.count, id, offsets: [] };
}

function byIndex(a: LearnedBlock, b: LearnedBlock): number {
  return a.index - b.index;
}

/** Reads the statistics of all partitions and learns the posterior from them. */
export async function readPosterior(
  store: Pick<StatisticsStore, 'load'>,
  partitions: number,
  options: PriorOptions,
): Promise<HeldPosterior> {
  const held = await Promise.all(Array.from({ length: partitions }, (_, partition) => store.load(partition)));
  const offsets = held.map(({ offset }) => offset);
  const learned = held.map((one) => believableLearned(one.learned));
  return { ...learnPosterior(learned, options, posteriorIdOf(offsets)), offsets };
}

/**
 * Returns a reader of the posterior. It reads statistics and learns from them only if a partition has advanced or begun again, which the heads of
 * the partitions show; else it returns the same object.
 */
export function createPosteriorReader(
  store: Pick<StatisticsStore, 'load' | 'readHead'>,
  partitions: number,
  options: PriorOptions,
): () => Promise<HeldPosterior> {
  let last: { readonly heads: string; readonly posterior: HeldPosterior } | undefined;
  return async () => {
    // Read first: statistics that advance meanwhile are read again the next time.
    const read = Array.from({ length: partitions }, (_, partition) => store.readHead(partition));
    const heads = JSON.stringify(await Promise.all(read));
    if (last?.heads !== heads) last = { heads, posterior: await readPosterior(store, partitions, options) };
    return last.posterior;
  };
}

/** Digest of the offsets up to which each partition is in the posterior. */
export function posteriorIdOf(offsets: readonly number[]): string {
  return createHash('sha256').update(offsets.join()).digest('hex').slice(0, 16);
}
