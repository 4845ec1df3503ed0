interface Group {
  /** The member that stands for the others. */
  kept: number;
  readonly members: Set<number>;
}

/**
 * Groups rows that are equal in every respect. Of each group one row, the first in a total order, is kept and the others are
 * copies. Unlike near-duplicates, copies need no comparison of vectors, so that a group may be of any size.
 */
export class Copies {
  readonly #compare: (a: number, b: number) => number;
  readonly #groups = new Map<string, Group>();
  readonly #names = new Map<number, string>();
  #size = 0;

  /** @param compare negative if `a` is preferred; it must not change until a row is put again or deleted */
  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  /** Number of copies. */
  get size(): number {
    return this.#size;
  }

  /** Whether a different row is kept in place of this one. */
  has(row: number): boolean {
    const name = this.#names.get(row);
    return name !== undefined && this.#groups.get(name)!.kept !== row;
  }

  /**
   * Adds a row to the group of this name, or moves it there.
   * @returns rows other than this one that may have become copies, or ceased to be
   */
  put(row: number, name: string): Set<number> {
    const changed = this.delete(row);
    this.#names.set(row, name);
    const group = this.#groups.get(name);
    if (group === undefined) {
      this.#groups.set(name, { kept: row, members: new Set([row]) });
      return changed;
    }
    group.members.add(row);
    this.#size++;
    if (this.#compare(row, group.kept) < 0) {
      changed.add(group.kept);
      group.kept = row;
    }
    return changed;
  }

  /** @returns the row that is kept in place of this one from now on, if there is one */
  delete(row: number): Set<number> {
    const changed = new Set<number>();
    const name = this.#names.get(row);
    if (name === undefined) return changed;
    this.#names.delete(row);
    const group = this.#groups.get(name)!;
    group.members.delete(row);
    if (group.members.size === 0) {
      this.#groups.delete(name);
      return changed;
    }
    this.#size--;
    if (group.kept !== row) return changed;
    let [best] = group.members as Iterable<number>;
    for (const member of group.members) if (this.#compare(member, best!) < 0) best = member;
    group.kept = best!;
    return changed.add(best!);
  }
}
