import { Copies } from '#algorithms/retrieval/copies.ts';
import { Duplicates } from '#algorithms/retrieval/duplicates.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Catalogue } from './catalogue.ts';
import type { Generation } from './generation.ts';
import { keyOf } from './vector-key.ts';

/** Different vectors that share a look beyond this number are not told apart by it: it may be a missing title. */
const LARGEST_LOOK = 1_000;

/**
 * The rows of a generation that may be found: their items are listed and available, and of each group of near-duplicates one
 * row is among them (the refined index of PinnerSage, KDD 2020). Of items that share look and vector there is one, however many
 * they are.
 */
export class OfferedRows {
  /** The generation itself forgets its table when it is rejected. */
  readonly table: VectorTable;
  readonly #generation: Generation;
  readonly #catalogue: Catalogue;
  readonly #copies: Copies;
  readonly #duplicates: Duplicates;
  readonly #keepsDuplicates: boolean;

  /**
   * @param generation one whose release is known
   * @param duplicateCosine cosine from which items that look the same are near-duplicates; 1 lets all of them be found
   */
  constructor(generation: Generation, catalogue: Catalogue, duplicateCosine: number) {
    const table = generation.table!;
    this.table = table;
    this.#generation = generation;
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
  }

  /** Near-duplicates that are not found. */
  get duplicateCount(): number {
    return this.#duplicates.size + this.#copies.size;
  }

  /** Whether the row may be found. */
  has(row: number): boolean {
    return this.#isOffered(row) && !this.#copies.has(row) && !this.#duplicates.has(row);
  }

  /**
   * Compares a row with those that look the same, after its vector or its item's catalogue entry has changed.
   * @returns other rows that may be found now and could not be before, or the reverse
   */
  compare(row: number): Set<number> {
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
    return this.#generation.isPresent(row) && this.#catalogue.isVisible(this.table.idAt(row)!);
  }
}

/** Trained vectors come first, so that a new item never replaces a known one; then the ids decide. */
function compareRows(generation: Generation, table: VectorTable, a: number, b: number): number {
  const byOrigin = Number(generation.isTrained(b)) - Number(generation.isTrained(a));
  if (byOrigin !== 0) return byOrigin;
  return table.idAt(a)! < table.idAt(b)! ? -1 : 1;
}
