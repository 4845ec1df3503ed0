import { Copies } from '#algorithms/retrieval/copies.ts';
import { Duplicates } from '#algorithms/retrieval/duplicates.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Catalogue } from '../published/catalogue.ts';
import type { Generation } from '../published/generation.ts';
import { HnswGraph, type HnswParameters } from './hnsw.ts';
import { keyOf } from './nodes.ts';

/** Different vectors that share a look beyond this number are not told apart by it: it may be a missing title. */
const LARGEST_LOOK = 1_000;
/** The recall of a graph is measured again when so many more vectors are in it, as a number and as a share. */
const FEWEST_ARRIVALS = 500;
const ARRIVED_SHARE = 0.2;

/**
 * The graph of a generation, in which only those items are found that are listed and available, and only one of each group
 * of near-duplicates (the refined index of PinnerSage, KDD 2020). Of items that share look and vector one is found, however many
 * they are. The other items stay in the graph as stepping stones, and
 * a query may name them.
 */
export class RefinedGraph {
  readonly generation: Generation;
  readonly graph: HnswGraph;
  /** The generation itself forgets its table when it is rejected. */
  readonly table: VectorTable;
  readonly #catalogue: Catalogue;
  readonly #copies: Copies;
  readonly #duplicates: Duplicates;
  readonly #keepsDuplicates: boolean;
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
    const table = generation.table!;
    this.generation = generation;
    this.table = table;
    this.#catalogue = catalogue;
    this.#keepsDuplicates = duplicateCosine >= 1;
    const compare = (a: number, b: number): number => compareRows(generation, table, a, b);
    this.#copies = new Copies(compare);
    this.#duplicates = new Duplicates({
      minimumCosine: duplicateCosine,
      largestLook: LARGEST_LOOK,
      vectorOf: (row) => table.at(row),
      compare,
    });
    this.graph = new HnswGraph(table, parameters, (row) => this.isVisible(row));
  }

  /** Near-duplicates that are not found. */
  get duplicateCount(): number {
    return this.#duplicates.size + this.#copies.size;
  }

  /** Whether the row may be found. */
  isVisible(row: number): boolean {
    return this.#isOffered(row) && !this.#copies.has(row) && !this.#duplicates.has(row);
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
    for (let row = 0; row < this.table.size; row++) this.#compare(row);
    this.graph.refreshAll();
  }

  /** Finds the near-duplicates before the graph is built; `pause` is awaited between two rows and may yield. */
  async compareAll(pause: () => Promise<void> | undefined): Promise<void> {
    for (let row = 0; row < this.table.size; row++) {
      this.#compare(row);
      const pausing = pause();
      if (pausing !== undefined) await pausing;
    }
  }

  /** Compares a row with those that look the same. @returns rows whose visibility may have changed by it */
  #compare(row: number): Set<number> {
    const look = this.#catalogue.get(this.table.idAt(row)!)?.look;
    const isCompared = !this.#keepsDuplicates && look !== undefined && this.#isOffered(row);
    const replaced = isCompared
      ? this.#copies.put(row, `${look}/${keyOf(this.table.at(row))}`)
      : this.#copies.delete(row);
    // Near-duplicates are sought only among rows that are no copies.
    const changed = this.#compareNear(row, isCompared ? look : undefined);
    for (const other of replaced) {
      const { look: ofOther } = this.#catalogue.get(this.table.idAt(other)!) ?? {};
      for (const one of this.#compareNear(other, ofOther)) changed.add(one);
      changed.add(other);
    }
    return changed;
  }

  #compareNear(row: number, look: string | undefined): Set<number> {
    const isCompared = look !== undefined && !this.#copies.has(row);
    return isCompared ? this.#duplicates.put(row, look) : this.#duplicates.delete(row);
  }

  #isOffered(row: number): boolean {
    return this.generation.isPresent(row) && this.#catalogue.isVisible(this.table.idAt(row)!);
  }
}

/** Trained vectors come first, so that a new item never replaces a known one; then the ids decide. */
function compareRows(generation: Generation, table: VectorTable, a: number, b: number): number {
  const byOrigin = Number(generation.isTrained(b)) - Number(generation.isTrained(a));
  if (byOrigin !== 0) return byOrigin;
  return table.idAt(a)! < table.idAt(b)! ? -1 : 1;
}
