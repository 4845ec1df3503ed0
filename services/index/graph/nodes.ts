import { DenseRowMap, DenseRowSet } from '#algorithms/retrieval/dense-rows.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { keyOf, STEPS } from '#published/vector-key.ts';

/** Rows of one vector: they share a node of the graph. */
interface SharedNode {
  readonly members: Set<number>;
  /** Those of the members that can be found. */
  readonly shown: Set<number>;
  /** `shown` by item id; made when it is read, and dropped when `shown` changes. */
  inOrder?: readonly number[] | undefined;
}

/** The node that a row got: `isNew` says that its vector must be linked under the label. */
export interface Placement {
  readonly label: number;
  readonly isNew: boolean;
  /** A label that the row had before, if it is a different one. */
  readonly left: number | undefined;
}

/**
 * Which node of a graph stands for which rows of the table. Rows of equal vectors, up to rounding, are one node: many nodes at
 * one point would link only to each other, and a search that enters there would never leave. Labels are numbers from 0; a
 * label without rows is used again.
 */
export class Nodes {
  readonly #table: VectorTable;
  /** The row whose vector the graph has, by label; undefined for a label without rows. */
  readonly #rows: (number | undefined)[] = [];
  readonly #labels = new DenseRowMap();
  readonly #shared = new Map<number, SharedNode>();
  readonly #hidden = new DenseRowSet();
  readonly #byKey = new Map<number, number>();
  readonly #keys: (number | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(table: VectorTable) {
    this.#table = table;
  }

  /** Number of labels. */
  get count(): number {
    return this.#rows.length;
  }

  /** Number of rows that can be found. */
  get shownCount(): number {
    return this.#labels.size - this.#hidden.size;
  }

  /** Whether any node stands for several rows. */
  get areShared(): boolean {
    return this.#shared.size > 0;
  }

  /** The row whose vector the graph has under each label; undefined for a label without rows. */
  get representatives(): readonly (number | undefined)[] {
    return this.#rows;
  }

  /** All rows that have a label. */
  rows(): Iterable<number> {
    return this.#labels.rows();
  }

  labelOf(row: number): number | undefined {
    return this.#labels.get(row);
  }

  /**
   * Restores the next label of a graph that was saved.
   * @param isCurrent whether the table has the vector that the graph has; if not, `place` must link it again
   */
  restore(row: number | undefined, isCurrent: boolean): void {
    const label = this.#rows.push(row) - 1;
    this.#keys.push(undefined);
    if (row === undefined) return void this.#free.push(label);
    this.#labels.set(row, label);
    this.#hidden.add(row);
    if (isCurrent) this.#setKey(label, keyOf(this.#table.at(row)));
  }

  /** Gives a row the node of its present vector. A row without a node before is hidden until `show`. */
  place(row: number): Placement {
    const key = keyOf(this.#table.at(row));
    const before = this.#labels.get(row);
    const equal = this.#findEqual(row, key);
    if (equal !== undefined && equal === before) return { label: equal, isNew: false, left: undefined };
    const isAlone = before !== undefined && !this.#shared.has(before);
    if (isAlone && equal === undefined) {
      this.#setKey(before, key);
      return { label: before, isNew: true, left: undefined };
    }
    if (before !== undefined) this.#leave(row, before);
    const label = equal ?? this.#free.pop() ?? this.#rows.length;
    if (equal === undefined) {
      this.#rows[label] = row;
      this.#setKey(label, key);
    } else this.#join(row, label);
    this.#labels.set(row, label);
    this.#hidden.add(row);
    return { label, isNew: equal === undefined, left: before };
  }

  /** Records whether a row with a label can be found. */
  show(row: number, isShown: boolean): void {
    const shared = this.#shared.get(this.#labels.get(row)!);
    if (shared !== undefined) shared.inOrder = undefined;
    if (isShown) {
      this.#hidden.delete(row);
      shared?.shown.add(row);
    } else {
      this.#hidden.add(row);
      shared?.shown.delete(row);
    }
  }

  /** Rows of the node that can be found, by item id. */
  shownAt(label: number): readonly number[] {
    const shared = this.#shared.get(label);
    if (shared !== undefined) {
      shared.inOrder ??= [...shared.shown].sort((a, b) => this.compareIds(a, b));
      return shared.inOrder;
    }
    const row = this.#rows[label];
    return row === undefined || this.#hidden.has(row) ? [] : [row];
  }

  /** Order of two rows by the ids of their items. */
  compareIds(a: number, b: number): number {
    return this.#table.idAt(a)! < this.#table.idAt(b)! ? -1 : 1;
  }

  isShown(label: number): boolean {
    const shared = this.#shared.get(label);
    if (shared !== undefined) return shared.shown.size > 0;
    const row = this.#rows[label];
    return row !== undefined && !this.#hidden.has(row);
  }

  #findEqual(row: number, key: number): number | undefined {
    const label = this.#byKey.get(key);
    const other = label === undefined ? undefined : this.#rows[label];
    if (other === undefined) return undefined;
    return areEqual(this.#table.at(row), this.#table.at(other)) ? label : undefined;
  }

  #join(row: number, label: number): void {
    const shared = this.#shared.get(label);
    if (shared !== undefined) return void shared.members.add(row);
    const first = this.#rows[label]!;
    const shown = new Set(this.#hidden.has(first) ? [] : [first]);
    this.#shared.set(label, { members: new Set([first, row]), shown });
  }

  #leave(row: number, label: number): void {
    this.#labels.delete(row);
    this.#hidden.delete(row);
    const shared = this.#shared.get(label);
    if (shared === undefined) {
      this.#rows[label] = undefined;
      this.#setKey(label, undefined);
      this.#free.push(label);
      return;
    }
    shared.members.delete(row);
    shared.shown.delete(row);
    shared.inOrder = undefined;
    const [next] = shared.members;
    if (this.#rows[label] === row) this.#rows[label] = next;
    if (shared.members.size === 1) this.#shared.delete(label);
  }

  #setKey(label: number, key: number | undefined): void {
    const before = this.#keys[label];
    if (before !== undefined && this.#byKey.get(before) === label) this.#byKey.delete(before);
    this.#keys[label] = key;
    if (key !== undefined) this.#byKey.set(key, label);
  }
}

/** Two vectors of one key differ by more than a step only if their digests are equal by accident. */
function areEqual(a: Float32Array, b: Float32Array): boolean {
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i]! - b[i]!) > 1 / STEPS) return false;
  return true;
}
