import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Catalogue } from '#published/catalogue.ts';
import type { Generation } from '#published/generation.ts';
import { OfferedRows } from '#published/offered-rows.ts';
import { HnswGraph, type HnswParameters } from './hnsw.ts';

/** The recall of a graph is measured again when so many more vectors are in it, as a number and as a share. */
const FEWEST_ARRIVALS = 500;
const ARRIVED_SHARE = 0.2;

/**
 * The graph of a generation, in which only the rows of `OfferedRows` are found. The other items stay in the graph as stepping
 * stones, and a query may name them.
 */
export class RefinedGraph {
  readonly generation: Generation;
  readonly graph: HnswGraph;
  readonly table: VectorTable;
  readonly #offered: OfferedRows;
  #distinctAtCheck = Infinity;

  /**
   * @param generation one whose release is known
   * @param duplicateCosine cosine from which items that look the same are near-duplicates; 1 lets all of them be found
   */
  constructor(
    generation: Generation,
    catalogue: Catalogue,
    { parameters, duplicateCosine }: { parameters: HnswParameters; duplicateCosine: number },
  ) {
    this.generation = generation;
    this.#offered = new OfferedRows(generation, catalogue, duplicateCosine);
    this.table = this.#offered.table;
    this.graph = new HnswGraph(this.table, parameters, (row) => this.isVisible(row));
  }

  /** Near-duplicates that are not found. */
  get duplicateCount(): number {
    return this.#offered.duplicateCount;
  }

  /** Whether the row may be found. */
  isVisible(row: number): boolean {
    return this.#offered.has(row);
  }

  /** Records that the recall of the graph is being measured. */
  beginCheck(): void {
    this.#distinctAtCheck = this.graph.distinctSize;
  }

  /** Whether so many vectors have arrived since the recall was measured that it may be different. */
  get isCheckDue(): boolean {
    const arrived = this.graph.distinctSize - this.#distinctAtCheck;
    return arrived > Math.max(FEWEST_ARRIVALS, this.#distinctAtCheck * ARRIVED_SHARE);
  }

  /** Links a row whose vector is new or has changed. */
  put(row: number): void {
    const changed = this.#offered.compare(row);
    this.graph.put(row);
    for (const other of changed) this.graph.refresh(other);
  }

  /** Checks a row again after its item's catalogue entry has changed or its vector was withdrawn. */
  refresh(row: number): void {
    const changed = this.#offered.compare(row);
    for (const other of changed.add(row)) this.graph.refresh(other);
  }

  /** Checks every row again. */
  refreshAll(): void {
    for (let row = 0; row < this.table.size; row++) this.#offered.compare(row);
    this.graph.refreshAll();
  }

  /** Finds the near-duplicates before the graph is built; `pause` is awaited between two rows and may yield. */
  async compareAll(pause: () => Promise<void> | undefined): Promise<void> {
    for (let row = 0; row < this.table.size; row++) {
      this.#offered.compare(row);
      const pausing = pause();
      if (pausing !== undefined) await pausing;
    }
  }
}
