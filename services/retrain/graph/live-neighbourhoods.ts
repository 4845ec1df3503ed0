import type { ChangedRows, ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import {
  createWalker,
  emptyNeighbourhoods,
  type NeighbourhoodOptions,
  type Neighbourhoods,
  setNeighbours,
  type Walker,
} from '#algorithms/pinsage/walks.ts';
import { hashString } from '#algorithms/random.ts';
import type { ContextGraph } from './context-graph.ts';
import { type RowLists, RowListsBuilder, RowSet } from './row-lists.ts';
import { type WalkedItems, type WalkItems, walkRandom } from './walk-items.ts';

/** The graph's number of each item that occurs in an action. */
export interface ItemNumbers {
  find(itemId: string): number | undefined;
  textOf(number: number): string;
}

export interface LiveNeighbourhoodsOptions extends NeighbourhoodOptions {
  readonly seed: number;
}

/** The neighbours of one item, most important first. */
export interface ItemNeighbours {
  readonly itemIds: readonly string[];
  /** Above 0, summing to 1. */
  readonly importance: Float32Array;
}

/** Statistics of the last refresh. */
export interface RefreshReport {
  /** Requested items that have a context. */
  readonly items: number;
  /** Items that were walked again; the others were unchanged. */
  readonly walked: number;
  readonly seconds: number;
}

/** Result of the previous refresh, by item number. */
interface Kept {
  /** 1 if an item was requested, and so counted as a neighbour. */
  readonly asked: Uint8Array;
  readonly neighbourhoods: Neighbourhoods;
  readonly drawnFrom: RowLists;
}

/**
 * The importance neighbourhoods of the live graph. An item's walks draw from the rows that they pass, and from a
 * random source named by the item's id, so they are the same until one of these rows changes. Only then the item is
 * walked again, and the result equals that of walking from all items, to the last bit.
 */
export class LiveNeighbourhoods {
  readonly #graph: ContextGraph;
  readonly #numbers: ItemNumbers;
  readonly #walk: WalkItems;
  readonly #options: LiveNeighbourhoodsOptions;
  #kept: Kept | undefined;
  #walker: { readonly graph: ItemContextGraph; readonly walker: Walker } | undefined;

  constructor(
    graph: ContextGraph,
    numbers: ItemNumbers,
    walk: WalkItems,
    options: LiveNeighbourhoodsOptions,
  ) {
    this.#graph = graph;
    this.#numbers = numbers;
    this.#walk = walk;
    this.#options = options;
  }

  /**
   * The neighbourhoods of these items among themselves, in their order; an item without a context has none. Walks
   * pass through all other items too. Rejects if the walks fail; the next refresh then starts from nothing.
   */
  refresh(
    itemIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ neighbourhoods: Neighbourhoods; report: RefreshReport }> {
    const startedAt = performance.now();
    return this.#graph.hold(async (graph, changes) => {
      const numbers = Int32Array.from(itemIds, (itemId) => this.#numbers.find(itemId) ?? -1);
      const asked = new Uint8Array(graph.itemCount);
      for (const number of numbers) if (number >= 0) asked[number] = 1;
      const due = this.#due(graph, changes, asked);
      const before = this.#kept;
      this.#kept = undefined;
      // A failed result would keep the memory of an outdated graph alive.
      this.#walker = undefined;
      const walked = await this.#walk(
        {
          graph,
          items: due,
          names: Uint32Array.from(due, (item) => this.#nameOf(item)),
          counts: asked,
          options: this.#options,
          seed: this.#options.seed,
        },
        signal,
      );
      this.#kept = merge(asked, due, walked, before);
      const report = {
        items: asked.reduce((sum, one) => sum + one, 0),
        walked: due.length,
        seconds: (performance.now() - startedAt) / 1000,
      };
      return { neighbourhoods: renumbered(this.#kept.neighbourhoods, numbers), report };
    });
  }

  /** Whether all actions are in the graph. */
  get isUpToDate(): boolean {
    return this.#graph.isUpToDate;
  }

  /** Number of the item's contexts in the current graph. */
  degree(itemId: string): number {
    const item = this.#numbers.find(itemId);
    return item === undefined ? 0 : this.#graph.degree(item);
  }

  /**
   * The neighbours of one item in the current graph, among those that `knows` accepts; undefined if there are none.
   * It takes about a millisecond, so it may be called for an item that has just arrived.
   */
  of(itemId: string, knows: (itemId: string) => boolean): ItemNeighbours | undefined {
    const graph = this.#graph.walkable;
    const item = this.#numbers.find(itemId);
    // An item that arrived during walks is not in the graph yet.
    if (item === undefined || item >= graph.itemCount) return undefined;
    if (this.#walker?.graph !== graph) this.#walker = { graph, walker: createWalker(graph, this.#options) };
    const visits = this.#walker.walker.visits(item, walkRandom(this.#options.seed, this.#nameOf(item)));
    const only = emptyNeighbourhoods(1, this.#options.size);
    setNeighbours(only, 0, visits, (neighbour) => knows(this.#numbers.textOf(neighbour)));
    const found = only.neighbours.filter((neighbour) => neighbour >= 0);
    if (found.length === 0) return undefined;
    return {
      itemIds: Array.from(found, (neighbour) => this.#numbers.textOf(neighbour)),
      importance: only.weights.slice(0, found.length),
    };
  }

  /** The items whose walks may differ from before. */
  #due(graph: ItemContextGraph, changes: ChangedRows, asked: Uint8Array): Int32Array {
    const kept = this.#kept;
    const changed = new RowSet(graph);
    changed.add(changes);
    if (kept !== undefined)
      changed.add({ items: new Int32Array(), contexts: reaching(graph, kept.asked, asked) });
    const due: number[] = [];
    for (let item = 0; item < asked.length; item++) {
      if (asked[item] === 0) continue;
      if (kept?.asked[item] !== 1 || changed.meets(kept.drawnFrom, item)) due.push(item);
    }
    return Int32Array.from(due);
  }

  #nameOf(item: number): number {
    return hashString(this.#numbers.textOf(item));
  }
}

/** The contexts from which walks reach an item that became, or ceased to be, a possible neighbour. */
function reaching(
  { contextsOfItem: { starts, ends, targets }, itemCount }: ItemContextGraph,
  before: Uint8Array,
  now: Uint8Array,
): Int32Array {
  const contexts: number[] = [];
  for (let item = 0; item < itemCount; item++) {
    if ((before[item] ?? 0) === now[item]) continue;
    for (let place = starts[item]!; place < ends[item]!; place++) contexts.push(targets[place]!);
  }
  return Int32Array.from(contexts);
}

/** Replaces the stored neighbourhoods of the walked items. */
function merge(asked: Uint8Array, due: Int32Array, walked: WalkedItems, before: Kept | undefined): Kept {
  const neighbourhoods = emptyNeighbourhoods(asked.length, walked.neighbourhoods.size);
  const lists = new RowListsBuilder();
  let place = 0;
  for (let item = 0; item < asked.length; item++) {
    if (due[place] === item) {
      copyRow(walked.neighbourhoods, place, neighbourhoods, item);
      lists.copy(walked.drawnFrom, place++);
    } else if (asked[item] === 1 && before !== undefined) {
      copyRow(before.neighbourhoods, item, neighbourhoods, item);
      lists.copy(before.drawnFrom, item);
    } else {
      lists.addEmpty();
    }
  }
  return { asked, neighbourhoods, drawnFrom: lists.build() };
}

/** The rows of some items, whose positions are their new numbers. All their neighbours are among them. */
function renumbered(all: Neighbourhoods, numbers: Int32Array): Neighbourhoods {
  const { size } = all;
  const positions = new Int32Array(all.neighbours.length / size).fill(-1);
  for (const [position, number] of numbers.entries()) if (number >= 0) positions[number] = position;
  const some = emptyNeighbourhoods(numbers.length, size);
  for (const [position, number] of numbers.entries()) {
    if (number < 0) continue;
    copyRow(all, number, some, position);
    const neighbours = some.neighbours.subarray(position * size, (position + 1) * size);
    for (let i = 0; i < size && neighbours[i]! >= 0; i++) neighbours[i] = positions[neighbours[i]!]!;
  }
  return some;
}

function copyRow(from: Neighbourhoods, row: number, to: Neighbourhoods, at: number): void {
  const { size } = from;
  to.neighbours.set(from.neighbours.subarray(row * size, (row + 1) * size), at * size);
  to.weights.set(from.weights.subarray(row * size, (row + 1) * size), at * size);
}
