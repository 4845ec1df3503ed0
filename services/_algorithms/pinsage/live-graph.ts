import { type Adjacency, RowArena } from './row-arena.ts';

/** The bipartite graph of PinSage (KDD 2018, §3.1), walkable in both directions. */
export interface ItemContextGraph {
  readonly itemCount: number;
  readonly contextCount: number;
  readonly contextsOfItem: Adjacency;
  readonly itemsOfContext: Adjacency;
  /** Memory of the arrays, in bytes. */
  readonly bytes: number;
}

export interface GraphOptions {
  /** Minimum number of items; larger item numbers increase it. */
  readonly itemCount?: number;
  /**
   * Walks follow only the heaviest edges of a crowded node, ties to the latest. Each direction is capped on its own.
   */
  readonly maximumDegree?: number;
  /**
   * Walks go from a context to an item ∝ weight · d^−damping, where d is the item's degree rounded down to a power of
   * two. At 0 (the paper's value) the few items of every basket are neighbours of every item; at 1 all items are
   * about equally likely to be met from all their contexts together.
   */
  readonly hubDamping?: number;
}

/** The changed rows, in ascending order. */
export interface ChangedRows {
  readonly items: Int32Array;
  readonly contexts: Int32Array;
}

/**
 * The graph of items and contexts, updated edge by edge. Items and contexts are numbers from 0, which the caller may
 * reuse once no edge names them. Walks depend on the edges alone, not on the order of additions and removals, except
 * for the rounding of added weights.
 *
 * A new edge changes its two rows, and the rows of the item's contexts when the item's degree reaches a power of two:
 * two rows per edge on average, however popular the item. `settle` sums all changed rows again, once for many edges.
 */
export class LiveGraph {
  readonly #maximumDegree: number;
  readonly #hubDamping: number;
  readonly #contextsOfItem = new RowArena();
  readonly #itemsOfContext = new RowArena();
  /** By item: the factor on the width of its edges in the rows of contexts. */
  #factors = new Float64Array(0);
  /** The graph since the last change, if it was requested. */
  #settled: ItemContextGraph | undefined;

  constructor({ itemCount = 0, maximumDegree = 1000, hubDamping = 0 }: GraphOptions = {}) {
    this.#maximumDegree = maximumDegree;
    this.#hubDamping = hubDamping;
    this.#contextsOfItem.reach(itemCount);
  }

  get edges(): number {
    return this.#contextsOfItem.edges;
  }

  /** Memory of the arrays, in bytes. */
  get bytes(): number {
    return this.#contextsOfItem.bytes + this.#itemsOfContext.bytes + this.#factors.byteLength;
  }

  /** Number of the item's contexts. */
  degree(item: number): number {
    return this.#contextsOfItem.degree(item);
  }

  /**
   * Adds to the weight of the edge between an item and a context.
   * @param order time of the event, any uint32 that increases with it; it breaks ties of the degree cap
   * Throws RangeError if a number is negative or the weight is not a positive number.
   */
  add(item: number, context: number, weight: number, order: number): void {
    if (!(item >= 0 && context >= 0))
      throw new RangeError(`Edge: item ${item} and context ${context} must be natural numbers`);
    if (!(weight > 0 && weight < Infinity)) {
      throw new RangeError(`The weight of an edge is ${weight}, not a positive number`);
    }
    this.#settled = undefined;
    const isNew = this.#contextsOfItem.add(item, context, weight, order);
    this.#itemsOfContext.add(context, item, weight, order);
    if (isNew) this.#damp(item);
  }

  /** Removes the edge with all its weight, if it exists. */
  remove(item: number, context: number): void {
    if (!this.#contextsOfItem.remove(item, context)) return;
    this.#settled = undefined;
    this.#itemsOfContext.remove(context, item);
    this.#damp(item);
  }

  /** Multiplies all weights by a power of two, which changes no walk. */
  scale(factor: number): void {
    this.settle();
    this.#contextsOfItem.scale(factor);
    this.#itemsOfContext.scale(factor);
  }

  /** Returns the graph for walks until the next change; the same object while nothing changes. */
  settle(): ItemContextGraph {
    if (this.#settled !== undefined) return this.#settled;
    this.#contextsOfItem.refresh(this.#maximumDegree);
    this.#itemsOfContext.refresh(this.#maximumDegree, this.#factors);
    this.#settled = {
      itemCount: this.#contextsOfItem.rowCount,
      contextCount: this.#itemsOfContext.rowCount,
      contextsOfItem: this.#contextsOfItem.adjacency(),
      itemsOfContext: this.#itemsOfContext.adjacency(),
      bytes: this.bytes,
    };
    return this.#settled;
  }

  /** Returns the rows that `settle` summed again since the last call. */
  drainChanges(): ChangedRows {
    return { items: this.#contextsOfItem.drainChanged(), contexts: this.#itemsOfContext.drainChanged() };
  }

  #damp(item: number): void {
    if (this.#hubDamping === 0) return;
    const degree = this.#contextsOfItem.degree(item);
    const factor = degree === 0 ? 1 : 2 ** (-this.#hubDamping * Math.floor(Math.log2(degree)));
    if (factor === this.#factors[item]) return;
    if (item >= this.#factors.length) {
      const factors = new Float64Array(Math.max(item + 1, 2 * this.#factors.length)).fill(1);
      factors.set(this.#factors);
      this.#factors = factors;
    }
    this.#factors[item] = factor;
    for (const context of this.#contextsOfItem.targetsOf(item)) this.#itemsOfContext.touch(context);
  }
}
