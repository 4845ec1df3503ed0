import type { Random } from '../random.ts';
import { firstAbove } from './cumulative.ts';
import type { Adjacency, ItemContextGraph } from './graph.ts';

/** The top neighbours of each item with their importance. */
export interface Neighbourhoods {
  /** T: entries an item. */
  readonly size: number;
  /** n × T item indices, most important first, ties by index; −1 where an item has fewer. */
  readonly neighbours: Int32Array;
  /** n × T visit counts, normalised so that each item's sum to 1; 0 beside −1. */
  readonly weights: Float32Array;
}

export interface WalkOptions {
  /** Hops item → context → item from each item. */
  readonly steps: number;
  /** Chance, in (0, 1], to go back to the start after a hop. */
  readonly restart: number;
}

export interface NeighbourhoodOptions extends WalkOptions {
  /** T. */
  readonly size: number;
}

/**
 * Importance-based neighbourhoods: L1-normalised visit counts of random walks with restart (PinSage, KDD 2018,
 * §3.1). In the limit the counts are personalised PageRank. The start is not its own neighbour.
 * Each item walks under a fork of `random` named by its index, so that the order of computation does not matter.
 * Throws RangeError where an option is out of range.
 */
export function importanceNeighbourhoods(
  graph: ItemContextGraph,
  options: NeighbourhoodOptions,
  random: Random,
): Neighbourhoods {
  const { size } = options;
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`Neighbourhood size ${size} is not a positive integer`);
  const neighbours = new Int32Array(graph.itemCount * size).fill(-1);
  const weights = new Float32Array(graph.itemCount * size);
  const walker = createWalker(graph, options);
  for (let item = 0; item < graph.itemCount; item++) {
    const { items, counts } = walker.visits(item, random.fork(item));
    const kept = Math.min(size, items.length);
    let total = 0;
    for (let rank = 0; rank < kept; rank++) total += counts[rank]!;
    for (let rank = 0; rank < kept; rank++) {
      neighbours[item * size + rank] = items[rank]!;
      weights[item * size + rank] = counts[rank]! / total;
    }
  }
  return { size, neighbours, weights };
}

/** Items met on the walks from one item, without it, most visited first, ties by index. */
export interface Visits {
  readonly items: Int32Array;
  readonly counts: Int32Array;
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

  function visits(start: number, random: Random): Visits {
    let touchedCount = 0;
    let item = start;
    for (let step = 0; step < steps; step++) {
      const context = pick(contextsOfItem, item, random.next());
      // Only the start can lack contexts: an item met on the way has one at least.
      if (context < 0) break;
      item = pick(itemsOfContext, context, random.next());
      // A degree cap may have emptied nothing, yet it can leave a context whose kept items exclude the start.
      if (item !== start && countOf[item]!++ === 0) touched[touchedCount++] = item;
      if (random.next() < restart || contextsOfItem.offsets[item] === contextsOfItem.offsets[item + 1])
        item = start;
    }
    const items = touched.slice(0, touchedCount).sort((a, b) => countOf[b]! - countOf[a]! || a - b);
    const counts = items.map((visited) => countOf[visited]!);
    for (const visited of items) countOf[visited] = 0;
    return { items, counts };
  }

  return { visits };
}

/** A neighbour of `row` with probability proportional to its edge weight, or −1 where it has none. */
function pick({ offsets, targets, cumulative }: Adjacency, row: number, uniform: number): number {
  const [start, end] = [offsets[row]!, offsets[row + 1]!];
  if (start === end) return -1;
  return targets[firstAbove(cumulative, start, end, uniform * cumulative[end - 1]!)]!;
}
