import type { Random } from '../random.ts';
import type { ItemContextGraph } from './live-graph.ts';
import { createWalker } from './walks.ts';

/** Where hard negatives are taken from, and by how long a walk. */
export interface HardBand {
  /** Ranks of personalised PageRank, from 0: the first one, and the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Steps of the walks from a query. */
  readonly steps: number;
  /** Candidates of a full band. */
  readonly size: number;
  /** Share of the queries whose walk fills the band, 0 to 1. */
  readonly fullShare: number;
}

export interface BandOptions {
  /** The band as shares of the catalogue in [0, 1]. */
  readonly fromShare: number;
  readonly toShare: number;
  /** Candidates of a full band, where the band has so many ranks. */
  readonly size: number;
  /** Steps of a walk at least. */
  readonly steps: number;
  readonly restart: number;
}

/** Share of the queries that must have a full band. */
export const LEAST_FULL_SHARE = 0.9;
/** No walk can reach a share of a large catalogue: no band begins at a later rank (in PinSage it begins at 2,000 of 2·10⁹). */
const LATEST_FIRST = 500;
/** Steps of a walk to each rank that it has to reach, since it meets most items several times. */
const STEPS_A_RANK = 3;

/** The ranks of a band. Throws RangeError unless 0 ≤ from < to ≤ 1. */
export function ranksOfBand(
  itemCount: number,
  { fromShare, toShare }: Pick<BandOptions, 'fromShare' | 'toShare'>,
) {
  if (!(fromShare >= 0 && fromShare < toShare && toShare <= 1))
    throw new RangeError(`Rank band ${fromShare}–${toShare} is not inside 0–1`);
  return { first: Math.floor(fromShare * itemCount), end: Math.ceil(toShare * itemCount) };
}

/**
 * The band that walks of these queries can fill: walks get longer with the catalogue, and where a tenth of the queries does not reach
 * the first rank of the band, it begins earlier, at 0 at the earliest.
 * @param queries items, a sample of those that a training asks about
 */
export function fitHardBand(
  graph: ItemContextGraph,
  queries: Int32Array,
  options: BandOptions,
  random: Random,
): HardBand {
  const wanted = ranksOfBand(graph.itemCount, options);
  const first = Math.min(wanted.first, LATEST_FIRST);
  const size = Math.min(options.size, wanted.end - first);
  const steps = Math.max(options.steps, STEPS_A_RANK * (first + size));
  const walker = createWalker(graph, { steps, restart: options.restart });
  const reached = Int32Array.from(
    queries,
    (item) => walker.visits(item, random.fork(item)).items.length,
  ).sort();
  // So many items are reached by all but a tenth of the queries.
  const reachedByMost = reached[Math.floor((1 - LEAST_FULL_SHARE) * reached.length)] ?? 0;
  const begins = Math.max(0, Math.min(first, reachedByMost - size));
  const full = reached.filter((count) => count >= begins + size).length;
  return {
    first: begins,
    end: wanted.end,
    steps,
    size,
    fullShare: reached.length === 0 ? 0 : full / reached.length,
  };
}
