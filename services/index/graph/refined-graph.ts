import { Duplicates } from '#algorithms/retrieval/duplicates.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Catalogue } from '../published/catalogue.ts';
import type { Generation } from '../published/generation.ts';
import { HnswGraph, type HnswParameters } from './hnsw.ts';

/** Items that share a look beyond this number are not told apart by it: it may be a missing title. */
const LARGEST_LOOK = 1_000;

/**
 * The graph of a generation, in which only those items are found that are listed and available, and only one of each group
 * of near-duplicates (the refined index of PinnerSage, KDD 2020). The other items stay in the graph as stepping stones, and
 * a query may name them.
 */
export class RefinedGraph {
  readonly generation: Generation;
  readonly graph: HnswGraph;
  readonly #table: VectorTable;
  readonly #catalogue: Catalogue;
  readonly #duplicates: Duplicates;
  readonly #keepsDuplicates: boolean;

  /**
   * @param generation one whose release is known
   * @param duplicateCosine cosine from which items that look the same are near-duplicates; 1 lets all of them be found
   */
  constructor(
    generation: Generation,
    catalogue: Catalogue,
    { parameters, duplicateCosine }: { parameters: HnswParameters; duplicateCosine: number },
  ) {
    const table = generation.table!;
    this.generation = generation;
    this.#table = table;
    this.#catalogue = catalogue;
    this.#keepsDuplicates = duplicateCosine >= 1;
    this.#duplicates = new Duplicates({
      minimumCosine: duplicateCosine,
      largestLook: LARGEST_LOOK,
      vectorOf: (row) => table.at(row),
      compare: (a, b) => compareRows(generation, table, a, b),
    });
    this.graph = new HnswGraph(table, parameters, (row) => this.isVisible(row));
  }

  /** Near-duplicates that are not found. */
  get duplicateCount(): number {
    return this.#duplicates.size;
  }

  /** Whether the row may be found. */
  isVisible(row: number): boolean {
    return this.#isOffered(row) && !this.#duplicates.has(row);
  }

  /** Links a row whose vector is new or has changed. */
  put(row: number): void {
    const changed = this.#compare(row);
    this.graph.put(row);
    for (const other of changed) this.graph.refresh(other);
  }

  /** Checks a row again after its item's catalogue entry has changed or its vector was withdrawn. */
  refresh(row: number): void {
    const changed = this.#compare(row);
    for (const other of changed.add(row)) this.graph.refresh(other);
  }

  /** Checks every row again. */
  refreshAll(): void {
    for (let row = 0; row < this.#table.size; row++) this.#compare(row);
    this.graph.refreshAll();
  }

  /** Finds the near-duplicates before the graph is built; `pause` is awaited between two rows and may yield. */
  async compareAll(pause: () => Promise<void> | undefined): Promise<void> {
    for (let row = 0; row < this.#table.size; row++) {
      this.#compare(row);
      const pausing = pause();
      if (pausing !== undefined) await pausing;
    }
  }

  /** Compares a row with those that look the same. @returns rows whose visibility may have changed by it */
  #compare(row: number): Set<number> {
    const look = this.#catalogue.get(this.#table.idAt(row)!)?.look;
    const isCompared = !this.#keepsDuplicates && look !== undefined && this.#isOffered(row);
    return isCompared ? this.#duplicates.put(row, look) : this.#duplicates.delete(row);
  }

  #isOffered(row: number): boolean {
    return this.generation.isPresent(row) && this.#catalogue.isVisible(this.#table.idAt(row)!);
  }
}

/** Trained vectors come first, so that a new item never replaces a known one; then the ids decide. */
function compareRows(generation: Generation, table: VectorTable, a: number, b: number): number {
  const byOrigin = Number(generation.isTrained(b)) - Number(generation.isTrained(a));
  if (byOrigin !== 0) return byOrigin;
  return table.idAt(a)! < table.idAt(b)! ? -1 : 1;
}
