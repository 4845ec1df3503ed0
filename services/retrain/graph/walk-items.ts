import type { ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import {
  createWalker,
  emptyNeighbourhoods,
  type NeighbourhoodOptions,
  type Neighbourhoods,
  setNeighbours,
} from '#algorithms/pinsage/walks.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { type RowLists, RowListsBuilder } from './row-lists.ts';

/** Items to walk from; the whole job can be sent to another thread. */
export interface WalkJob {
  readonly graph: ItemContextGraph;
  readonly items: Int32Array;
  /** A stable number for each of the items, which names the item's random source. */
  readonly names: Uint32Array;
  /** By item, 1 if it counts as a neighbour; walks pass through the others all the same. */
  readonly counts: Uint8Array;
  readonly options: NeighbourhoodOptions;
  readonly seed: number;
}

/** Result of the walks, in the order of the job's items. */
export interface WalkedItems {
  readonly neighbourhoods: Neighbourhoods;
  readonly drawnFrom: RowLists;
}

export type WalkItems = (job: WalkJob, signal?: AbortSignal) => Promise<WalkedItems>;

/** Walks from the items at [from, end) of the job. Throws RangeError if an option is out of range. */
export function createItemWalks(job: WalkJob): (from: number, end: number) => WalkedItems {
  const walker = createWalker(job.graph, job.options);
  return (from, end) => {
    const neighbourhoods = emptyNeighbourhoods(end - from, job.options.size);
    const drawnFrom = new RowListsBuilder();
    for (let place = from; place < end; place++) {
      const visits = walker.visits(job.items[place]!, walkRandom(job.seed, job.names[place]!));
      setNeighbours(neighbourhoods, place - from, visits, (item) => job.counts[item] === 1);
      drawnFrom.add(visits.drawnFrom);
    }
    return { neighbourhoods, drawnFrom: drawnFrom.build() };
  };
}

/** The random source of one item's walks. */
export function walkRandom(seed: number, name: number): Random {
  return createRandom(`${seed}/walks/${name}`);
}

/** Walks in this thread, which is blocked until all walks are done. */
export const walkHere: WalkItems = async (job) => createItemWalks(job)(0, job.items.length);
