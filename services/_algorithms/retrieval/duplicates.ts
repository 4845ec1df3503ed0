import { dot, type Vector } from '../vectors.ts';

export interface DuplicateRules {
  /** Cosine from which two rows of one look are duplicates, −1 to 1. */
  readonly minimumCosine: number;
  /** A look that more rows share than this says nothing, such as a missing title: none of them is a duplicate. */
  readonly largestLook: number;
  /** The row's vector of length 1, until the row is put again or deleted. */
  readonly vectorOf: (row: number) => Vector;
  /** A total order: negative where `a` is to be found rather than `b`; it too holds until a row is put again. */
  readonly compare: (a: number, b: number) => number;
}

/**
 * Which rows are near-duplicates of others: of the rows that look the same, in their order, a row is one where an earlier
 * row that is none reaches the minimum cosine with it. So each duplicate has a row to be found in its place, not merely
 * a chain to one; and what is a duplicate depends on the rows alone, not on how they came.
 *
 * The served index leaves them out, as the refined index of PinnerSage does. Only rows of one look are compared: a row costs
 * at most `largestLook` dot products to put, and the square of it in the rare case that its whole look is judged anew.
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
   * Takes a row in, or again after its vector, its look or its place in the order has changed.
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

  /** @returns rows that may have become duplicates, or ceased to be; the row itself where it was one */
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
   * Judges the rows from a place on, after rows that are no duplicates `entered` or `someLeft` before it. One that is none
   * stays so unless one of the entered is like it; a duplicate stays so unless some left.
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

  /** Whether one before it that is no duplicate is like it. */
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

  /** Where the row belongs among rows in order, by bisection. */
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
