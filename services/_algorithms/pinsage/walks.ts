import type { Random } from '../random.ts';
import { firstAbove } from './cumulative.ts';
import type { ItemContextGraph } from './live-graph.ts';
import type { Adjacency } from './row-arena.ts';

/** The top neighbours of each item with their importance. */
export interface Neighbourhoods {
  /** T: number of entries per item. */
  readonly size: number;
  /** n × T item indices, most important first, ties by index; −1 if an item has fewer. */
  readonly neighbours: Int32Array;
  /** n × T visit counts, normalised so that each item's sum to 1; 0 beside −1. */
  readonly weights: Float32Array;
}

export interface WalkOptions {
  /** Hops item → context → item from each item. */
  readonly steps: number;
  /** Probability, in (0, 1], of a restart after a hop. */
  readonly restart: number;
}

export interface NeighbourhoodOptions extends WalkOptions {
  /** T. */
  readonly size: number;
}

/**
 * Importance-based neighbourhoods: L1-normalised visit counts of random walks with restart (PinSage, KDD 2018, §3.1).
 * In the limit the counts are personalised PageRank. The start is not its own neighbour. Each item walks under a fork
 * of `random` named by its index, so that the order of computation does not matter. Throws RangeError if an option is
 * out of range.
 */
export function importanceNeighbourhoods(
  graph: ItemContextGraph,
  options: NeighbourhoodOptions,
  random: Random,
): Neighbourhoods {
  const neighbourhoods = emptyNeighbourhoods(graph.itemCount, options.size);
  const walker = createWalker(graph, options);
  for (let item = 0; item < graph.itemCount; item++) {
    setNeighbours(neighbourhoods, item, walker.visits(item, random.fork(item)));
  }
  return neighbourhoods;
}

/** Neighbourhoods of items without neighbours. Throws RangeError if the size is not a positive integer. */
export function emptyNeighbourhoods(itemCount: number, size: number): Neighbourhoods {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`Neighbourhood size ${size} is not a positive integer`);
  return {
    size,
    neighbours: new Int32Array(itemCount * size).fill(-1),
    weights: new Float32Array(itemCount * size),
  };
}

/** Writes the neighbourhood of one item: the most visited among the eligible items that its walks met. */
export function setNeighbours(
  { size, neighbours, weights }: Neighbourhoods,
  item: number,
  { items, counts }: Pick<Visits, 'items' | 'counts'>,
  countsAs: (neighbour: number) => boolean = () => true,
): void {
  let [kept, total] = [item * size, 0];
  const end = kept + size;
  for (let rank = 0; rank < items.length && kept < end; rank++) {
    if (!countsAs(items[rank]!)) continue;
    neighbours[kept] = items[rank]!;
    weights[kept++] = counts[rank]!;
    total += counts[rank]!;
  }
  neighbours.fill(-1, kept, end);
  weights.fill(0, kept, end);
  for (let entry = item * size; entry < kept; entry++) weights[entry] = weights[entry]! / total;
}

/** Visits of the walks from one item. */
export interface Visits {
  /** Items without the start, most visited first, ties by index. */
  readonly items: Int32Array;
  readonly counts: Int32Array;
  /**
   * The rows that were drawn from, the start's included. While these do not change, the visits under one seed do not
   * change.
   */
  readonly drawnFrom: { readonly items: Int32Array; readonly contexts: Int32Array };
}

export interface Walker {
  visits(start: number, random: Random): Visits;
}

/** A walker with a visit counter of its own, reused between starts. */
export function createWalker(graph: ItemContextGraph, { steps, restart }: WalkOptions): Walker {
  if (!Number.isInteger(steps) || steps < 1)
    throw new RangeError(`Walk steps ${steps} is not a positive integer`);
  if (!(restart > 0 && restart <= 1)) throw new RangeError(`Restart probability ${restart} is not in (0, 1]`);
  const { contextsOfItem, itemsOfContext } = graph;
  const countOf = new Int32Array(graph.itemCount);
  const touched = new Int32Array(Math.min(steps, graph.itemCount));
  const itemRows = createDistinct(graph.itemCount, steps);
  const contextRows = createDistinct(graph.contextCount, steps);

  function visits(start: number, random: Random): Visits {
    let touchedCount = 0;
    let item = start;
    for (let step = 0; step < steps; step++) {
      itemRows.add(item);
      const context = pick(contextsOfItem, item, random.next());
      // Only the start can lack contexts: an item met on the way has at least one.
      if (context < 0) break;
      contextRows.add(context);
      item = pick(itemsOfContext, context, random.next());
      // A context whose kept edges exclude the start still leads to other items.
      if (item !== start && countOf[item]!++ === 0) touched[touchedCount++] = item;
      if (random.next() < restart) item = start;
    }
    const items = touched.slice(0, touchedCount).sort((a, b) => countOf[b]! - countOf[a]! || a - b);
    const counts = items.map((visited) => countOf[visited]!);
    for (const visited of items) countOf[visited] = 0;
    return { items, counts, drawnFrom: { items: itemRows.drain(), contexts: contextRows.drain() } };
  }

  return { visits };
}

/** A neighbour of `row` with probability proportional to the width of its edge, or −1 if it has none. */
function pick({ starts, ends, targets, cumulative }: Adjacency, row: number, uniform: number): number {
  const [start, end] = [starts[row]!, ends[row]!];
  if (start === end) return -1;
  return targets[firstAbove(cumulative, start, end, uniform * cumulative[end - 1]!)]!;
}

/** A set of at most `most` numbers below `bound`. */
function createDistinct(bound: number, most: number) {
  const isIn = new Uint8Array(bound);
  const members = new Int32Array(Math.min(bound, most));
  let count = 0;
  return {
    add(number: number): void {
      if (isIn[number] === 1) return;
      isIn[number] = 1;
      members[count++] = number;
    },
    /** Returns the numbers in order of their arrival and empties the set. */
    drain(): Int32Array {
      const drained = members.slice(0, count);
      for (const number of drained) isIn[number] = 0;
      count = 0;
      return drained;
    },
  };
}
