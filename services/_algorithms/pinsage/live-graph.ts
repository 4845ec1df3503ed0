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
  /** Items there are at least; numbers beyond make it more. */
  readonly itemCount?: number;
  /** Walks take of a crowded node its heaviest edges alone, ties to the latest. Each direction is capped on its own. */
  readonly maximumDegree?: number;
  /**
   * Walks go from a context to an item ∝ weight · d^−damping, where d is the item's degree rounded down to a power of
   * two. At 0 (the paper's) the few items that are in every basket are everybody's neighbours; at 1 an item is about as
   * likely met from all its contexts together as another.
   */
  readonly hubDamping?: number;
}

/** Rows that are not what they were, in ascending order. */
export interface ChangedRows {
  readonly items: Int32Array;
  readonly contexts: Int32Array;
}

/**
 * The graph of items and contexts, edge by edge. Items and contexts are numbers from 0 on, which the caller may use again
 * once no edge names them. What walks see depends on the edges alone, not on the order in which they came and went, but for
 * the rounding of weights that add up.
 *
 * An edge more changes its two rows, and those of the item's contexts when the item's degree reaches a power of
 * two: twice an edge over time, however popular the item. All of them are summed up anew by `settle`, once for many edges.
 */
export class LiveGraph {
  readonly #maximumDegree: number;
  readonly #hubDamping: number;
  readonly #contextsOfItem = new RowArena();
  readonly #itemsOfContext = new RowArena();
  /** By item: what the width of its edges in the rows of contexts is multiplied by. */
  #factors = new Float64Array(0);
  /** The graph since the last change, once it was asked for. */
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
   * @param order time of the event, any uint32 that grows with it; it breaks the ties of the degree cap
   * Throws RangeError where a number is negative or the weight is not a positive number.
   */
  add(item: number, context: number, weight: number, order: number): void {
    if (!(item >= 0 && context >= 0))
      throw new RangeError(`An edge names item ${item} and context ${context}`);
    if (!(weight > 0 && weight < Infinity)) {
      throw new RangeError(`An edge weighs ${weight}, not a positive number`);
    }
    this.#settled = undefined;
    const isNew = this.#contextsOfItem.add(item, context, weight, order);
    this.#itemsOfContext.add(context, item, weight, order);
    if (isNew) this.#damp(item);
  }

  /** Takes the edge away with all its weight, if it is there. */
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

  /** The graph as it stands, to walk on until the next change; the same object while there is none. */
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

  /** The rows that `settle` summed up anew since this was last asked. */
  takeChanges(): ChangedRows {
    return { items: this.#contextsOfItem.takeChanged(), contexts: this.#itemsOfContext.takeChanged() };
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
