import { type GraphOptions, type ItemContextGraph, LiveGraph } from './live-graph.ts';
import type { Adjacency } from './row-arena.ts';

/** Events as columns in time order: the item was taken in the context (board, basket, session). */
export interface EdgeColumns {
  readonly item: Int32Array;
  readonly context: Int32Array;
  /** Strength of the action, > 0: a purchase weighs more than a view. */
  readonly weight: Float32Array;
}

export interface BuildOptions extends GraphOptions {
  readonly itemCount: number;
}

/**
 * Builds the graph of these edges, for callers that do not update it; the weights of repeated edges are added. Throws
 * RangeError if columns differ in length, an item is not below `itemCount`, a number is negative or a weight is not a
 * positive number.
 */
export function buildGraph({ item, context, weight }: EdgeColumns, options: BuildOptions): ItemContextGraph {
  if (item.length !== context.length || item.length !== weight.length) {
    throw new RangeError(
      `Edge columns differ in length: ${item.length}, ${context.length}, ${weight.length}`,
    );
  }
  const { itemCount } = options;
  const wrong = item.findIndex((number, e) => number < 0 || number >= itemCount || context[e]! < 0);
  if (wrong >= 0) {
    throw new RangeError(
      `Edge ${wrong} names item ${item[wrong]} of ${itemCount} and context ${context[wrong]}`,
    );
  }
  const graph = new LiveGraph(options);
  for (let e = 0; e < item.length; e++) graph.add(item[e]!, context[e]!, weight[e]!, e);
  return graph.settle();
}

/** Number of neighbours of each row that walks can reach: none beyond the degree cap. */
export function degrees({ starts, ends, cumulative }: Adjacency): Int32Array {
  return Int32Array.from(starts, (start, row) => {
    let degree = 0;
    for (let place = start; place < ends[row]!; place++) if (hasWidth(cumulative, start, place)) degree++;
    return degree;
  });
}

/** The neighbours that walks can reach, without gaps: those of row r are `targets[offsets[r] .. offsets[r + 1])`. */
export function packed(adjacency: Adjacency): { offsets: Int32Array; targets: Int32Array } {
  const { starts, ends, targets, cumulative } = adjacency;
  const offsets = new Int32Array(starts.length + 1);
  for (const [row, degree] of degrees(adjacency).entries()) offsets[row + 1] = offsets[row]! + degree;
  const kept = new Int32Array(offsets.at(-1)!);
  let length = 0;
  for (const [row, start] of starts.entries()) {
    for (let place = start; place < ends[row]!; place++) {
      if (hasWidth(cumulative, start, place)) kept[length++] = targets[place]!;
    }
  }
  return { offsets, targets: kept };
}

function hasWidth(cumulative: Float64Array, start: number, place: number): boolean {
  return cumulative[place]! > (place === start ? 0 : cumulative[place - 1]!);
}
