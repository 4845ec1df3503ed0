import { createHash } from 'node:crypto';
import { marginal, type Posterior, posterior } from '#algorithms/bandit/linear.ts';
import { createStatistics, merge } from '#algorithms/bandit/statistics.ts';
import { experimentOfExposure } from '#contracts/domain/experiments.ts';
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
 * @param learner experiment and arm that learns apart; empty for all rewards
 */
export function learnPosterior(
  partitions: Iterable<Pick<Learned, 'blocks'>>,
  { halfLifeMs, priorDeviation, noiseVariance }: PriorOptions,
  id = '',
  learner = '',
): HeldPosterior {
  const all = [...partitions].flatMap(({ blocks }) =>
    [...blocks.values()].filter((block) => teaches(block, learner)).sort(inOrder),
  );
  const used = blocksInUse(all);
  const now = Math.max(0, ...used.map(({ newest }) => newest));
  const total = createStatistics();
  for (const block of used) merge(total, block.statistics, decayOf(block, now, halfLifeMs));
  const full = posterior(total, { prior: priorOf(priorDeviation), noiseVariance });
  return { posterior: marginal(full, ranks), observations: total.count, id, offsets: [] };
}

function inOrder(a: LearnedBlock, b: LearnedBlock): number {
  return a.index - b.index || (a.learner < b.learner ? -1 : 1);
}

/** An arm that learns apart does not learn from the other arms of its experiment, and from all else. Outside of experiments everything teaches. */
function teaches({ learner: whose }: LearnedBlock, learner: string): boolean {
  if (learner === '' || whose === '' || whose === learner) return true;
  return experimentOfExposure(whose) !== experimentOfExposure(learner);
}

/** The posterior over all rewards, and those of arms that learn apart. */
export interface ReadPosterior extends HeldPosterior {
  /** @param learner experiment and arm; the same object each time */
  of(learner: string): HeldPosterior;
}

/** Reads the statistics of all partitions and learns the posterior from them. */
export async function readPosterior(
  store: Pick<StatisticsStore, 'load'>,
  partitions: number,
  options: PriorOptions,
): Promise<ReadPosterior> {
  const held = await Promise.all(Array.from({ length: partitions }, (_, partition) => store.load(partition)));
  const offsets = held.map(({ offset }) => offset);
  const learned = held.map((one) => believableLearned(one.learned));
  const byLearner = new Map<string, HeldPosterior>();
  const of = (learner: string): HeldPosterior => {
    let known = byLearner.get(learner);
    if (known === undefined) {
      known = { ...learnPosterior(learned, options, posteriorIdOf(offsets, learner), learner), offsets };
      byLearner.set(learner, known);
    }
    return known;
  };
  return { ...of(''), of };
}

/**
 * Returns a reader of the posterior. It reads statistics and learns from them only if a partition has advanced or begun again, which the heads of
 * the partitions show; else it returns the same object.
 */
export function createPosteriorReader(
  store: Pick<StatisticsStore, 'load' | 'readHead'>,
  partitions: number,
  options: PriorOptions,
): () => Promise<ReadPosterior> {
  let last: { readonly heads: string; readonly posterior: ReadPosterior } | undefined;
  return async () => {
    // Read first: statistics that advance meanwhile are read again the next time.
    const read = Array.from({ length: partitions }, (_, partition) => store.readHead(partition));
    const heads = JSON.stringify(await Promise.all(read));
    if (last?.heads !== heads) last = { heads, posterior: await readPosterior(store, partitions, options) };
    return last.posterior;
  };
}

/** Digest of the offsets up to which each partition is in the posterior, and of the arm that learns apart. */
export function posteriorIdOf(offsets: readonly number[], learner = ''): string {
  return createHash('sha256').update(`${offsets.join()}${learner}`).digest('hex').slice(0, 16);
}
