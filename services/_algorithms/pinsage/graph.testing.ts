import { buildGraph } from './graph.ts';
import type { GraphOptions, ItemContextGraph } from './live-graph.ts';
import type { Adjacency } from './row-arena.ts';

export type Edge = readonly [item: number, context: number, weight: number];

export function columnsOf(edges: readonly Edge[]) {
  return {
    item: Int32Array.from(edges, ([item]) => item),
    context: Int32Array.from(edges, ([, context]) => context),
    weight: Float32Array.from(edges, ([, , weight]) => weight),
  };
}

export function graphOf(
  itemCount: number,
  edges: readonly Edge[],
  options: GraphOptions = {},
): ItemContextGraph {
  return buildGraph(columnsOf(edges), { ...options, itemCount });
}

/** Rows as lists of [target, width], of the edges that walks can follow. */
export function rowsOf({ starts, ends, targets, cumulative }: Adjacency): [number, number][][] {
  return Array.from(starts, (start, row) => {
    const places = Array.from({ length: ends[row]! - start }, (_, i) => start + i);
    return places
      .map((p, i): [number, number] => [targets[p]!, cumulative[p]! - (i === 0 ? 0 : cumulative[p - 1]!)])
      .filter(([, width]) => width > 0);
  });
}
