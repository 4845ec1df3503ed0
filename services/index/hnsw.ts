import hnswlib, { type HierarchicalNSW } from 'hnswlib-node';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';

/** What a graph is built with. */
export interface HnswParameters {
  /** Links of a node on each layer. */
  readonly m: number;
  /** Candidates kept while a node is linked. */
  readonly efConstruction: number;
}

export interface Neighbour {
  readonly itemId: string;
  /** Cosine, −1 to 1. */
  readonly score: number;
}

/** One seed for all graphs, so that the same rows in the same order give the same graph. */
export const SEED = 20_180_819;
const MINIMUM_CAPACITY = 64;

/**
 * A navigable small-world graph (Malkov and Yashunin, TPAMI 2020) over the unit vectors of a table, where the inner
 * product is the cosine. Labels are the table's rows, because hnswlib cuts a label to 32 bits. Rows hidden by
 * `isVisible` stay in the graph as stepping stones and never appear in a result.
 */
export class HnswGraph {
  readonly #table: VectorTable;
  readonly #isVisible: (row: number) => boolean;
  readonly #graph: HierarchicalNSW;
  readonly #hidden = new Set<number>();
  #capacity: number;
  #queue: number[] | undefined;
  #inserted = 0;

  constructor(table: VectorTable, parameters: HnswParameters, isVisible: (row: number) => boolean) {
    this.#table = table;
    this.#isVisible = isVisible;
    this.#capacity = Math.max(MINIMUM_CAPACITY, Math.ceil(table.size * 1.2));
    this.#graph = new hnswlib.HierarchicalNSW('ip', table.dimension);
    this.#graph.initIndex(this.#capacity, parameters.m, parameters.efConstruction, SEED);
    this.#queue = Array.from({ length: table.size }, (_, row) => row);
  }

  /** Rows that can be found. */
  get size(): number {
    return this.#inserted - this.#hidden.size;
  }

  /** Candidates kept while searching, and at least the neighbours asked for. */
  setEfSearch(efSearch: number): void {
    this.#graph.setEf(efSearch);
  }

  /** Links every row, and those that `put` queued meanwhile; `pause` is awaited between two rows and may yield. */
  async build(pause: () => Promise<void> | undefined): Promise<void> {
    const queue = this.#queue ?? [];
    for (let next = 0; next < queue.length; next++) {
      this.#insert(queue[next]!);
      const pausing = pause();
      if (pausing !== undefined) await pausing;
    }
    this.#queue = undefined;
  }

  /** Takes a row whose vector is new or has changed: at once, or at the end of the build under way. */
  put(row: number): void {
    if (this.#queue === undefined) this.#insert(row);
    else this.#queue.push(row);
  }

  /** Asks again of every row whether it is visible. */
  refreshAll(): void {
    for (let row = 0; row < this.#inserted; row++) this.refresh(row);
  }

  /** Asks again whether the row is visible. */
  refresh(row: number): void {
    if (row >= this.#inserted) return;
    const hidden = !this.#isVisible(row);
    if (hidden === this.#hidden.has(row)) return;
    if (hidden) {
      this.#graph.markDelete(row);
      this.#hidden.add(row);
    } else {
      this.#graph.unmarkDelete(row);
      this.#hidden.delete(row);
    }
  }

  /**
   * Up to `k` visible items by falling cosine; fewer only when there are fewer.
   * @param query unit vector of the table's dimension
   */
  search(query: Float32Array, k: number): Neighbour[] {
    if (this.#inserted === 0) return [];
    const { neighbors, distances } = this.#graph.searchKnn(Array.from(query), Math.min(k, this.#capacity));
    return neighbors.map((row, place) => ({
      itemId: this.#table.idAt(row)!,
      score: 1 - distances[place]!,
    }));
  }

  #insert(row: number): void {
    if (row >= this.#capacity) {
      this.#capacity = Math.max(row + 1, this.#capacity * 2);
      this.#graph.resizeIndex(this.#capacity);
    }
    // hnswlib forgets the mark of a row that is added again.
    this.#graph.addPoint(Array.from(this.#table.at(row)), row);
    this.#hidden.delete(row);
    this.#inserted = Math.max(this.#inserted, row + 1);
    this.refresh(row);
  }
}

/** Yields to the event loop whenever `sliceMs` have passed, so that searches are answered while a graph is built. */
export function createPacer(sliceMs: number): () => Promise<void> | undefined {
  let sliceEnd = performance.now() + sliceMs;
  return () => {
    if (performance.now() < sliceEnd) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        sliceEnd = performance.now() + sliceMs;
        resolve();
      });
    });
  };
}
