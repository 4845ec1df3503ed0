import hnswlib, { type HierarchicalNSW } from 'hnswlib-node';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import { scanNodes } from './exact-scan.ts';
import { type TypedArrays, typedArraysOf } from './native/typed-arrays.ts';
import { Nodes } from './nodes.ts';
import { type FoundNodes, type OrderedRows, orderRows } from './total-order.ts';

/** Parameters with which a graph is built. */
export interface HnswParameters {
  /** Links of a node on each layer. */
  readonly m: number;
  /** Candidates kept while a node is linked. */
  readonly efConstruction: number;
}

/** Up to k neighbours of each of n queries. */
export interface NearestRows {
  /** n × k rows of the table: the neighbours of each query, the nearest first. Places past the count mean nothing. */
  readonly rows: Uint32Array;
  /** n × k: 1 − cosine, 0 to 2. */
  readonly distances: Float32Array;
  /** n: how many neighbours each query has. */
  readonly counts: Uint32Array;
}

/** The part of a graph's state that its file does not hold. */
export interface GraphState {
  /** A row of the table by label; undefined for one that the table no longer has. Rows of an equal vector are not listed. */
  readonly rows: readonly (number | undefined)[];
  /** Labels that the file marks as hidden. */
  readonly hidden: readonly number[];
}

/** One seed for all graphs, so that the same rows in the same order make the same graph. */
export const SEED = 20_180_819;
const MINIMUM_CAPACITY = 64;

/** Most nodes that are searched for those that tie with the last place of a list. */
const MAX_DEPTH = 4_096;

/**
 * A navigable small-world graph (Malkov and Yashunin, TPAMI 2020) over the unit vectors of a table, where the inner
 * product is the cosine. A label stands for a vector and for all rows that have it (`Nodes`): hnswlib cuts labels to 32 bits,
 * and the rows of a table may have a different order after a restart. Rows hidden by `isVisible` stay in the graph as stepping
 * stones and never appear in a result.
 */
export class HnswGraph {
  readonly #table: VectorTable;
  readonly #parameters: HnswParameters;
  readonly #isVisible: (row: number) => boolean;
  readonly #graph: HierarchicalNSW;
  readonly #typedArrays: TypedArrays;
  readonly #nodes: Nodes;
  /** Labels that the graph has marked as deleted. */
  readonly #hidden = new Set<number>();
  #isExact = false;
  /** Rows to link in the build under way, or before it. */
  #queue: number[] | undefined;
  /** Changes that wait for the end of a `save`. */
  #postponed: (() => void)[] | undefined;

  /** @throws Error where hnswlib-node was compiled without the calls that take typed arrays */
  constructor(table: VectorTable, parameters: HnswParameters, isVisible: (row: number) => boolean) {
    this.#table = table;
    this.#nodes = new Nodes(table);
    this.#parameters = parameters;
    this.#isVisible = isVisible;
    this.#graph = new hnswlib.HierarchicalNSW('ip', table.dimension);
    this.#typedArrays = typedArraysOf(hnswlib);
    this.#queue = Array.from({ length: table.size }, (_, row) => row);
  }

  /** Rows that can be found. */
  get size(): number {
    return this.#nodes.shownCount;
  }

  /** Vectors that can be found: rows of one vector count once. */
  get distinctSize(): number {
    return this.#nodes.count - this.#hidden.size;
  }

  /** A row of each vector that has been linked. */
  distinctRows(): number[] {
    return this.#nodes.representatives.filter((row) => row !== undefined);
  }

  /** Whether searches scan all vectors. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** Scans all vectors in each search from now on, for a graph that does not find the nearest ones. */
  searchExactly(): void {
    this.#isExact = true;
  }

  /** Sets the candidates kept while searching, which are at least `k`. Only after `build` has begun. */
  setEfSearch(efSearch: number): void {
    this.#graph.setEf(efSearch);
  }

  /**
   * Reads, before `build`, a graph that `save` wrote with the same parameters. Rows of that graph are linked already,
   * unless they are in `changed`.
   * @returns number of nodes of unchanged rows that can be found now and could not at the save, or the reverse
   * @throws Error where hnswlib cannot read the file; hnswlib trusts its content, so the caller checks the file before
   */
  async restore(file: string, { rows, hidden }: GraphState, changed: ReadonlySet<number>): Promise<number> {
    const queue = this.#queue ?? [];
    const arriving: number[] = [];
    this.#queue = arriving;
    try {
      await this.#graph.readIndex(file);
      if (this.#graph.getCurrentCount() !== rows.length) throw new Error('the graph has other labels');
      for (const row of rows) this.#nodes.restore(row, row !== undefined && !changed.has(row));
      for (const label of hidden) this.#hidden.add(label);
      const before = new Set(hidden);
      let differing = 0;
      for (let label = 0; label < rows.length; label++) {
        const row = rows[label];
        if (row === undefined) this.#markNode(label);
        else {
          this.#markVisibility(row);
          if (!changed.has(row) && before.has(label) !== this.#hidden.has(label)) differing++;
        }
      }
      return differing;
    } finally {
      const isLinked = (row: number): boolean => this.#nodes.labelOf(row) !== undefined && !changed.has(row);
      const toLink = queue.filter((row) => !isLinked(row));
      this.#queue = [...toLink, ...arriving];
    }
  }

  /** Links every row, and those that `put` queued meanwhile; `pause` is awaited between two rows and may yield. */
  async build(pause: () => Promise<void> | undefined): Promise<void> {
    const queue = this.#queue ?? [];
    if (this.#nodes.count === 0) this.#begin();
    for (let next = 0; next < queue.length; next++) {
      this.#insert(queue[next]!);
      const pausing = pause();
      if (pausing !== undefined) await pausing;
    }
    this.#queue = undefined;
  }

  /** Writes the graph to a file, off this thread; changes wait meanwhile. Only once it is built. */
  async save(file: string): Promise<GraphState> {
    const state = { rows: [...this.#nodes.representatives], hidden: [...this.#hidden] };
    this.#postponed = [];
    try {
      await this.#graph.writeIndex(file);
    } finally {
      const changes = this.#postponed;
      this.#postponed = undefined;
      for (const change of changes) change();
    }
    return state;
  }

  /** Links a row whose vector is new or has changed: at once, or at the end of the build or save under way. */
  put(row: number): void {
    if (this.#postponed !== undefined) this.#postponed.push(() => this.#insert(row));
    else if (this.#queue !== undefined) this.#queue.push(row);
    else this.#insert(row);
  }

  /** Checks again for every row whether it is visible. */
  refreshAll(): void {
    for (const row of this.#nodes.rows()) this.refresh(row);
  }

  /** Checks again whether the row is visible. */
  refresh(row: number): void {
    if (this.#nodes.labelOf(row) === undefined) return;
    if (this.#postponed !== undefined) this.#postponed.push(() => this.#markVisibility(row));
    else this.#markVisibility(row);
  }

  /**
   * Up to `k` visible items by falling cosine, ties by item id; fewer only when there are fewer.
   * @param query unit vector of the table's dimension
   * @throws RangeError for a query of a different dimension or with a component that is not finite
   */
  search(query: Float32Array, k: number): Neighbour[] {
    return this.searchBatch(query, k)[0]!;
  }

  /**
   * As many searches at once, which costs less than one after the other.
   * @param queries n unit vectors, n × dimension, row-major
   * @returns n lists
   */
  searchBatch(queries: Float32Array, k: number): Neighbour[][] {
    const { rows, distances, counts } = this.searchRows(queries, k);
    return Array.from(counts, (count, query) => {
      const neighbours: Neighbour[] = [];
      for (let place = query * k; place < query * k + count; place++) {
        neighbours.push({ itemId: this.#table.idAt(rows[place]!)!, score: 1 - distances[place]! });
      }
      return neighbours;
    });
  }

  /** The same as arrays of numbers. */
  searchRows(queries: Float32Array, k: number): NearestRows {
    const { dimension } = this.#table;
    const queryCount = queries.length / dimension;
    const rows = new Uint32Array(queryCount * k);
    const distances = new Float32Array(queryCount * k);
    // One node more tells whether the last place is shared with nodes that were not found.
    const found = this.#searchNodes(queries, k + 1);
    const counts = found.counts.map((_, query) => {
      const into = { rows, distances, start: query * k, k };
      const count = orderRows(found, query, this.#nodes, into);
      if (count !== undefined) return count;
      return this.#searchDeeper(queries.subarray(query * dimension, (query + 1) * dimension), into);
    });
    return { rows, distances, counts };
  }

  /** Searches one query until all nodes that tie with the last place are found, or for `MAX_DEPTH` nodes. */
  #searchDeeper(query: Float32Array, into: OrderedRows): number {
    for (let depth = 2 * (into.k + 1); ; depth *= 2) {
      const isLast = depth >= Math.min(MAX_DEPTH, this.#nodes.count);
      const found = this.#searchNodes(query, depth);
      const count = orderRows({ ...found, isWhole: isLast }, 0, this.#nodes, into);
      if (count !== undefined) return count;
    }
  }

  #searchNodes(queries: Float32Array, depth: number): FoundNodes {
    const queryCount = queries.length / this.#table.dimension;
    const labels = new Uint32Array(queryCount * depth);
    const distances = new Float32Array(queryCount * depth);
    const counts = new Uint32Array(queryCount);
    if (this.#nodes.count > 0) {
      if (this.#isExact) scanNodes(this.#table, this.#nodes, queries, depth, { labels, distances, counts });
      else this.#typedArrays.searchKnn(this.#graph, queries, depth, labels, distances, counts);
    }
    return { labels, distances, counts, depth };
  }

  #begin(): void {
    const { m, efConstruction } = this.#parameters;
    const capacity = Math.max(MINIMUM_CAPACITY, Math.ceil(this.#table.size * 1.2));
    this.#graph.initIndex(capacity, m, efConstruction, SEED);
  }

  #insert(row: number): void {
    const { label, isNew, left } = this.#nodes.place(row);
    if (isNew) {
      const capacity = this.#graph.getMaxElements();
      if (label >= capacity) this.#graph.resizeIndex(capacity * 2);
      // hnswlib forgets the mark of a label that is added again.
      this.#typedArrays.addPoint(this.#graph, this.#table.at(row), label);
      this.#hidden.delete(label);
    }
    if (left !== undefined) this.#markNode(left);
    this.#markVisibility(row);
  }

  #markVisibility(row: number): void {
    const label = this.#nodes.labelOf(row);
    if (label === undefined) return;
    this.#nodes.show(row, this.#isVisible(row));
    this.#markNode(label);
  }

  /** Hides a node of which no row can be found. */
  #markNode(label: number): void {
    const hidden = !this.#nodes.isShown(label);
    if (hidden === this.#hidden.has(label)) return;
    if (hidden) {
      this.#graph.markDelete(label);
      this.#hidden.add(label);
    } else {
      this.#graph.unmarkDelete(label);
      this.#hidden.delete(label);
    }
  }
}
