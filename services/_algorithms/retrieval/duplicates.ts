import { dot, type Vector } from '../vectors.ts';

export interface DuplicateRules {
  /** Cosine from which two rows with the same look are duplicates, −1 to 1. */
  readonly minimumCosine: number;
  /** A look that more rows share is not informative, for example a missing title: none of them is a duplicate. */
  readonly largestLook: number;
  /** The row's vector of length 1; it must not change until the row is put again or deleted. */
  readonly vectorOf: (row: number) => Vector;
  /** A total order: negative if `a` is preferred to `b`; it must not change either until a row is put again. */
  readonly compare: (a: number, b: number) => number;
}

/**
 * Finds rows that are near-duplicates of others: among the rows with the same look, in their order, a row is a
 * duplicate if an earlier row that is none has at least the minimum cosine with it. So each duplicate has a row that
 * is found in its place, not merely a chain to one, and the duplicates depend on the rows alone, not on the order of
 * their arrival.
 *
 * The served index leaves duplicates out, as PinnerSage's refined index does. Only rows with the same look are
 * compared: putting a row costs at most `largestLook` dot products, and the square of it in the rare case that its
 * whole group is checked again.
 */
export class Duplicates {
  readonly #rules: DuplicateRules;
  /** Rows by look, in their order. */
  readonly #rows = new Map<string, number[]>();
  readonly #looks = new Map<number, string>();
  readonly #duplicates = new Set<number>();

  constructor(rules: DuplicateRules) {
    this.#rules = rules;
  }

  /** Number of duplicates. */
  get size(): number {
    return this.#duplicates.size;
  }

  has(row: number): boolean {
    return this.#duplicates.has(row);
  }

  /**
   * Adds a row, or updates it after its vector, its look or its position in the order has changed.
   * @returns rows that may have become duplicates, or ceased to be
   */
  put(row: number, look: string): Set<number> {
    const changed = this.delete(row);
    const rows = this.#rows.get(look) ?? [];
    this.#rows.set(look, rows);
    this.#looks.set(row, look);
    const place = this.#placeOf(row, rows);
    rows.splice(place, 0, row);
    if (rows.length > this.#rules.largestLook) this.#clear(rows, changed);
    else if (this.#isCovered(row, rows)) this.#mark(row, changed);
    else this.#judge(rows, place + 1, { entered: [row], someLeft: false }, changed);
    return changed;
  }

  /** @returns rows that may have become duplicates, or ceased to be; the row itself if it was one */
  delete(row: number): Set<number> {
    const changed = new Set<number>();
    const look = this.#looks.get(row);
    if (look === undefined) return changed;
    this.#looks.delete(row);
    const rows = this.#rows.get(look)!;
    const place = rows.indexOf(row);
    rows.splice(place, 1);
    if (rows.length === 0) this.#rows.delete(look);
    if (this.#duplicates.has(row)) this.#unmark(row, changed);
    else if (rows.length < this.#rules.largestLook)
      this.#judge(rows, place, { entered: [], someLeft: true }, changed);
    else if (rows.length === this.#rules.largestLook) this.#judgeAll(rows, changed);
    return changed;
  }

  /**
   * Checks the rows from a position on, after rows that are no duplicates were added before it (`entered`) or removed
   * (`someLeft`). A row that is no duplicate remains none unless one of `entered` is similar; a duplicate remains one
   * unless a row left.
   */
  #judge(
    rows: readonly number[],
    from: number,
    { entered, someLeft }: { entered: number[]; someLeft: boolean },
    changed: Set<number>,
  ): void {
    let left = someLeft;
    for (const row of rows.slice(from)) {
      if (this.#duplicates.has(row)) {
        if (!left || this.#isCovered(row, rows)) continue;
        this.#unmark(row, changed);
        entered.push(row);
      } else if (entered.some((other) => this.#areAlike(row, other))) {
        this.#mark(row, changed);
        left = true;
      }
    }
  }

  #judgeAll(rows: readonly number[], changed: Set<number>): void {
    for (const row of rows) if (this.#isCovered(row, rows)) this.#mark(row, changed);
  }

  #clear(rows: readonly number[], changed: Set<number>): void {
    for (const row of rows) if (this.#duplicates.has(row)) this.#unmark(row, changed);
  }

  /** Returns whether an earlier row that is no duplicate is similar. */
  #isCovered(row: number, rows: readonly number[]): boolean {
    for (const other of rows) {
      if (other === row) return false;
      if (!this.#duplicates.has(other) && this.#areAlike(row, other)) return true;
    }
    return false;
  }

  #areAlike(a: number, b: number): boolean {
    const { vectorOf, minimumCosine } = this.#rules;
    return dot(vectorOf(a), vectorOf(b)) >= minimumCosine;
  }

  /** Position of the row among ordered rows, by bisection. */
  #placeOf(row: number, rows: readonly number[]): number {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rules.compare(rows[middle]!, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #mark(row: number, changed: Set<number>): void {
    this.#duplicates.add(row);
    changed.add(row);
  }

  #unmark(row: number, changed: Set<number>): void {
    this.#duplicates.delete(row);
    changed.add(row);
  }
}
