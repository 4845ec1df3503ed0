/** The kinds of rows, with the rows of each kind. */
export interface RowKinds {
  /** Kind of each row, from 0; −1 for a row that is of no known kind. */
  readonly ofRow: Int32Array;
  /** Rows of each kind, ascending. */
  readonly members: readonly Int32Array[];
}

/**
 * What a slate must obey, slot by slot. A pinned row stands in its slot for certain and nowhere else. Limits of kinds and of alikeness hold
 * as far as other rows fill the slate: in a slot for which they leave no row, they do not hold. Pinned rows count for them from the beginning.
 */
export interface SlateRules {
  /** Number of rows. */
  readonly rows: number;
  /** Row of each slot that has one for certain; the rows are distinct. */
  readonly pinned?: ReadonlyMap<number, number> | undefined;
  /** Slots and rows are divided: a slot shows only rows of its own home. There must be as many rows as slots in each. */
  readonly homes?: { readonly ofRow: Uint8Array; readonly ofSlot: Uint8Array } | undefined;
  /** At most so many rows of one kind. */
  readonly kinds?: RowKinds | undefined;
  readonly mostOfKind?: number | undefined;
  /** Rows that may not stand in a slate with this one. */
  readonly alikeTo?: ((row: number) => Int32Array) | undefined;
}

/** @param kindOf of a row; undefined for a row that is of no known kind */
export function rowKinds(rows: number, kindOf: (row: number) => number | undefined): RowKinds {
  const places = new Map<number, number>();
  const ofRow = new Int32Array(rows).fill(-1);
  const counts: number[] = [];
  for (let row = 0; row < rows; row++) {
    const kind = kindOf(row);
    if (kind === undefined) continue;
    let place = places.get(kind);
    if (place === undefined) {
      place = counts.push(0) - 1;
      places.set(kind, place);
    }
    ofRow[row] = place;
    counts[place]! += 1;
  }
  // One array for the rows of all kinds: an array of its own for each of a hundred kinds costs more than all else here.
  const all = new Int32Array(rows);
  let end = 0;
  const members = counts.map((count) => {
    end += count;
    return all.subarray(end - count, end);
  });
  const next = new Int32Array(members.length);
  for (let row = 0; row < rows; row++) {
    const place = ofRow[row]!;
    if (place >= 0) members[place]![next[place]!++] = row;
  }
  return { ofRow, members };
}

/** Below this part of its first value a sum of odds has lost too many digits by subtraction, and is added up again. */
const LOST_DIGITS = 1e-6;
/** The largest number of homes. */
const HOMES = 256;

/**
 * Walks down a slate and knows which rows are allowed in the slot that is next, with the sum of their odds. Within the slots of one home
 * the allowed rows only become fewer, until none is left and the limits no longer hold.
 */
export class SlateWalk {
  readonly #rules: SlateRules;
  readonly #odds: Float64Array | undefined;
  readonly #pinned: SlateRules['pinned'];
  readonly #isPinned: Uint8Array;
  readonly #isTaken: Uint8Array;
  /** By row, how many limits are reached that concern it. */
  readonly #blocked: Int32Array;
  readonly #ofKind: Int32Array;
  /** By home, the number of allowed rows and the sum of their odds. */
  readonly #free: Int32Array;
  readonly #rest: Float64Array;
  /** By home, the sum of the odds of all rows, from which those that leave are subtracted. */
  readonly #whole: Float64Array;
  /** As the walk begins. */
  readonly #start: { blocked: Int32Array; ofKind: Int32Array; free: Int32Array; rest: Float64Array };
  #slot = 0;

  /** @param odds of each row, positive; by default all are 1 */
  constructor(rules: SlateRules, odds?: Float64Array) {
    const { rows, pinned, homes, kinds, alikeTo } = rules;
    this.#rules = rules;
    this.#odds = odds;
    this.#pinned = (pinned?.size ?? 0) > 0 ? pinned : undefined;
    this.#isPinned = new Uint8Array(rows);
    this.#isTaken = new Uint8Array(rows);
    this.#blocked = new Int32Array(rows);
    this.#ofKind = new Int32Array(kinds?.members.length ?? 0);
    const count = homes === undefined ? 1 : HOMES;
    this.#free = new Int32Array(count);
    this.#rest = new Float64Array(count);
    for (const row of pinned?.values() ?? []) this.#isPinned[row] = 1;
    for (let row = 0; row < rows; row++) {
      if (this.#isPinned[row] === 1) continue;
      this.#free[this.#homeOf(row)]! += 1;
      this.#rest[this.#homeOf(row)]! += odds === undefined ? 1 : odds[row]!;
    }
    this.#whole = this.#rest.slice();
    for (const row of pinned?.values() ?? []) this.#limit(row, alikeTo);
    this.#start = {
      blocked: this.#blocked.slice(),
      ofKind: this.#ofKind.slice(),
      free: this.#free.slice(),
      rest: this.#rest.slice(),
    };
  }

  /** The slot that is next. */
  get slot(): number {
    return this.#slot;
  }

  /** The row that stands in the next slot for certain; undefined if there is none. */
  get pinned(): number | undefined {
    return this.#pinned?.get(this.#slot);
  }

  restart(): void {
    if (this.#slot === 0) return;
    this.#slot = 0;
    this.#isTaken.fill(0);
    this.#blocked.set(this.#start.blocked);
    this.#ofKind.set(this.#start.ofKind);
    this.#free.set(this.#start.free);
    this.#rest.set(this.#start.rest);
  }

  /** Whether the limits leave a row for the next slot, which is not pinned. */
  get isWithinLimits(): boolean {
    return this.#free[this.#homeOfSlot()]! > 0;
  }

  /** Whether the row may stand in the next slot. */
  allows(row: number): boolean {
    const { pinned } = this;
    if (pinned !== undefined) return row === pinned;
    const home = this.#homeOfSlot();
    if (!this.#isOpen(row) || this.#homeOf(row) !== home) return false;
    return this.#blocked[row] === 0 || this.#free[home] === 0;
  }

  /** Whether the row would stand in the next slot but for the limits of kinds and of alikeness. */
  isHeldBack(row: number): boolean {
    if (this.pinned !== undefined || !this.isWithinLimits) return false;
    return this.#isOpen(row) && this.#homeOf(row) === this.#homeOfSlot() && this.#blocked[row]! > 0;
  }

  /** Number of rows that may stand in the next slot. */
  get count(): number {
    if (this.pinned !== undefined) return 1;
    const free = this.#free[this.#homeOfSlot()]!;
    return free > 0 ? free : this.#sum(() => 1);
  }

  /** Sum of the odds of the rows that may stand in the next slot. */
  get total(): number {
    const odds = this.#odds;
    if (odds === undefined) return this.count;
    const { pinned } = this;
    if (pinned !== undefined) return odds[pinned]!;
    const home = this.#homeOfSlot();
    const rest = this.#rest[home]!;
    if (this.#free[home]! > 0 && rest > LOST_DIGITS * this.#whole[home]!) return rest;
    return this.#sum((row) => odds[row]!);
  }

  /** Puts a row that is allowed into the next slot. */
  take(row: number): void {
    if (this.pinned === undefined) {
      this.#isTaken[row] = 1;
      if (this.#blocked[row] === 0) this.#leave(row);
      this.#limit(row, this.#rules.alikeTo);
    }
    this.#slot += 1;
  }

  #isOpen(row: number): boolean {
    return this.#isTaken[row] === 0 && this.#isPinned[row] === 0;
  }

  #homeOf(row: number): number {
    return this.#rules.homes?.ofRow[row] ?? 0;
  }

  #homeOfSlot(): number {
    return this.#rules.homes?.ofSlot[this.#slot] ?? 0;
  }

  #sum(of: (row: number) => number): number {
    let sum = 0;
    for (let row = 0; row < this.#rules.rows; row++) if (this.allows(row)) sum += of(row);
    return sum;
  }

  /** Notes a row that the slate shows. */
  #limit(row: number, alikeTo: SlateRules['alikeTo']): void {
    const { kinds, mostOfKind = Number.POSITIVE_INFINITY } = this.#rules;
    const kind = kinds === undefined ? -1 : kinds.ofRow[row]!;
    if (kind >= 0) {
      this.#ofKind[kind]! += 1;
      if (this.#ofKind[kind] === mostOfKind) for (const other of kinds!.members[kind]!) this.#block(other);
    }
    if (alikeTo !== undefined) for (const other of alikeTo(row)) this.#block(other);
  }

  #block(row: number): void {
    this.#blocked[row]! += 1;
    if (this.#blocked[row] === 1 && this.#isOpen(row)) this.#leave(row);
  }

  #leave(row: number): void {
    const home = this.#homeOf(row);
    this.#free[home]! -= 1;
    this.#rest[home]! -= this.#odds === undefined ? 1 : this.#odds[row]!;
  }
}
