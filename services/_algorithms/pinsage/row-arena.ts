import { keepHeaviest } from './degree-cap.ts';

/**
 * Rows of weighted targets for walks: the neighbours of row r are `targets[starts[r] .. ends[r])`, ascending. The
 * arrays lie in shared memory, so that worker threads need no copy.
 */
export interface Adjacency {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly targets: Int32Array;
  /**
   * Running sums of the edge widths inside each row; the last entry of a row is its total. An edge beyond the degree
   * cap has width 0, and is not drawn.
   */
  readonly cumulative: Float64Array;
}

const SMALLEST_ROW = 4;
const SMALLEST_ARENA = 1024;
/** Free space of a new arena as a share of its rows. */
const HEADROOM = 0.5;
/** Flags of a row. */
const STALE = 1;
const CHANGED = 2;
/** Weight that marks a removed edge whose slot is still in the row. */
const REMOVED = -1;

/**
 * Compressed sparse rows that grow. Each row has spare room in one arena. A full row moves to the arena's end with
 * twice the room; if the arena has no room left, all rows move to a new one without gaps. Adding an edge takes
 * amortised constant time plus the edges behind it in the row, of which there are none if targets arrive in ascending
 * order, as baskets do.
 *
 * Invariants: rows do not overlap; a row's targets are ascending and distinct; `cumulative` fits the weights of every
 * row that is not stale. A row's content depends on its edges alone, not on removed ones.
 */
export class RowArena {
  #starts = shared(Uint32Array, SMALLEST_ROW);
  #ends = shared(Uint32Array, SMALLEST_ROW);
  /** Number of edges of each row, without those removed since it was last summed. */
  #degrees = new Uint32Array(SMALLEST_ROW);
  #capacities = new Uint32Array(SMALLEST_ROW);
  #flags = new Uint8Array(SMALLEST_ROW);
  #staleRows: number[] = [];
  #rowCount = 0;

  #targets = shared(Int32Array, SMALLEST_ARENA);
  #cumulative = shared(Float64Array, SMALLEST_ARENA);
  #weights = new Float32Array(SMALLEST_ARENA);
  #orders = new Uint32Array(SMALLEST_ARENA);
  /** Start of the unused end of the arena. */
  #end = 0;
  #edges = 0;

  get rowCount(): number {
    return this.#rowCount;
  }

  get edges(): number {
    return this.#edges;
  }

  /** Memory of all arrays, in bytes. */
  get bytes(): number {
    return [
      ...[this.#starts, this.#ends, this.#degrees, this.#capacities, this.#flags],
      ...[this.#targets, this.#cumulative, this.#weights, this.#orders],
    ].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  degree(row: number): number {
    return this.#degrees[row] ?? 0;
  }

  /** The row's targets, ascending, including removed ones: a view, which the next change may invalidate. */
  targetsOf(row: number): Int32Array {
    return this.#targets.subarray(this.#starts[row]!, this.#ends[row]!);
  }

  /** Creates rows up to `count`, without edges. */
  reach(count: number): void {
    if (count <= this.#rowCount) return;
    this.#rowCount = count;
    if (count <= this.#starts.length) return;
    const length = Math.max(count, this.#starts.length * 2);
    this.#starts = copied(this.#starts, shared(Uint32Array, length));
    this.#ends = copied(this.#ends, shared(Uint32Array, length));
    this.#degrees = copied(this.#degrees, new Uint32Array(length));
    this.#capacities = copied(this.#capacities, new Uint32Array(length));
    this.#flags = copied(this.#flags, new Uint8Array(length));
  }

  /**
   * Adds to the weight of an edge. Among equally heavy edges, the degree cap keeps that of the highest order, a
   * uint32.
   * @returns whether the edge is new
   */
  add(row: number, target: number, weight: number, order: number): boolean {
    this.reach(row + 1);
    this.touch(row);
    const place = this.#placeOf(row, target);
    if (this.#has(row, place, target) && this.#weights[place] !== REMOVED) {
      this.#weights[place]! += weight;
      this.#orders[place] = Math.max(this.#orders[place]!, order);
      return false;
    }
    this.#set(this.#has(row, place, target) ? place : this.#insert(row, place), target, weight, order);
    this.#degrees[row]! += 1;
    this.#edges += 1;
    return true;
  }

  /** @returns whether the edge existed */
  remove(row: number, target: number): boolean {
    if (row >= this.#rowCount) return false;
    const place = this.#placeOf(row, target);
    if (!this.#has(row, place, target) || this.#weights[place] === REMOVED) return false;
    this.touch(row);
    this.#weights[place] = REMOVED;
    this.#degrees[row]! -= 1;
    this.#edges -= 1;
    return true;
  }

  /** Marks the row's running sums as stale. */
  touch(row: number): void {
    if ((this.#flags[row]! & STALE) !== 0) return;
    this.#flags[row]! |= STALE;
    this.#staleRows.push(row);
  }

  /**
   * Multiplies all weights; no row may be stale. A power of two changes no draw, as long as no weight falls below
   * 2^−126.
   */
  scale(factor: number): void {
    const { starts, ends } = this.adjacency();
    for (let row = 0; row < this.#rowCount; row++) {
      for (let place = starts[row]!; place < ends[row]!; place++) {
        this.#weights[place]! *= factor;
        this.#cumulative[place]! *= factor;
      }
    }
  }

  /** Sums the stale rows again; the width of an edge is its weight times its target's factor. */
  refresh(maximumDegree: number, factors?: Float64Array): void {
    for (const row of this.#staleRows) {
      this.#flags[row] = CHANGED;
      if (this.#ends[row]! - this.#starts[row]! > this.degree(row)) this.#closeGaps(row);
      this.#sumUp(row, maximumDegree, factors);
    }
    this.#staleRows = [];
    if (this.#edges + SMALLEST_ARENA < this.#targets.length / 4) this.#rehouse(0);
  }

  /** Returns the rows that were summed again since the last call, ascending. */
  drainChanged(): Int32Array {
    const changed: number[] = [];
    for (let row = 0; row < this.#rowCount; row++) {
      if ((this.#flags[row]! & CHANGED) === 0) continue;
      this.#flags[row]! &= ~CHANGED;
      changed.push(row);
    }
    return Int32Array.from(changed);
  }

  adjacency(): Adjacency {
    return {
      starts: this.#starts.subarray(0, this.#rowCount),
      ends: this.#ends.subarray(0, this.#rowCount),
      targets: this.#targets,
      cumulative: this.#cumulative,
    };
  }

  #sumUp(row: number, maximumDegree: number, factors: Float64Array | undefined): void {
    const [start, end] = [this.#starts[row]!, this.#ends[row]!];
    const widths = this.#cumulative.subarray(start, end);
    for (let i = 0; i < widths.length; i++) {
      widths[i] = this.#weights[start + i]! * (factors?.[this.#targets[start + i]!] ?? 1);
    }
    if (widths.length > maximumDegree) keepHeaviest(widths, this.#orders.subarray(start, end), maximumDegree);
    for (let i = 1; i < widths.length; i++) widths[i]! += widths[i - 1]!;
  }

  /** First position in the row whose target is not below this one; the row's end if all are. */
  #placeOf(row: number, target: number): number {
    let [low, high] = [this.#starts[row]!, this.#ends[row]!];
    if (high > low && this.#targets[high - 1]! < target) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#targets[middle]! < target) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #has(row: number, place: number, target: number): boolean {
    return place < this.#ends[row]! && this.#targets[place] === target;
  }

  #set(place: number, target: number, weight: number, order: number): void {
    this.#targets[place] = target;
    this.#weights[place] = weight;
    this.#orders[place] = order;
  }

  /** Makes room for an edge at a position of the row, and returns the position afterwards. */
  #insert(row: number, place: number): number {
    const before = place - this.#starts[row]!;
    if (this.#ends[row]! - this.#starts[row]! === this.#capacities[row]) this.#widen(row);
    const inserted = this.#starts[row]! + before;
    this.#shift(inserted, this.#ends[row]!, inserted + 1);
    this.#ends[row]! += 1;
    return inserted;
  }

  #closeGaps(row: number): void {
    let to = this.#starts[row]!;
    for (let place = to; place < this.#ends[row]!; place++) {
      if (this.#weights[place] === REMOVED) continue;
      this.#set(to++, this.#targets[place]!, this.#weights[place]!, this.#orders[place]!);
    }
    this.#ends[row] = to;
  }

  /** Moves the edges in [from, end) to `to`. */
  #shift(from: number, end: number, to: number): void {
    if (from === end) return;
    this.#targets.copyWithin(to, from, end);
    this.#weights.copyWithin(to, from, end);
    this.#orders.copyWithin(to, from, end);
  }

  #widen(row: number): void {
    const capacity = this.#capacities[row]!;
    const wider = Math.max(SMALLEST_ROW, capacity * 2);
    const isLast = capacity > 0 && this.#starts[row]! + capacity === this.#end;
    const needed = isLast ? wider - capacity : wider;
    if (this.#end + needed > this.#targets.length) {
      this.#rehouse(wider);
      this.#widen(row);
      return;
    }
    this.#end += needed;
    this.#capacities[row] = wider;
    if (isLast) return;
    const [start, end] = [this.#starts[row]!, this.#ends[row]!];
    const to = this.#end - wider;
    this.#shift(start, end, to);
    this.#cumulative.copyWithin(to, start, end);
    this.#starts[row] = to;
    this.#ends[row] = to + end - start;
  }

  /** Moves all rows to a new arena, without gaps, with room for `extra` more edges. */
  #rehouse(extra: number): void {
    let needed = extra;
    for (let row = 0; row < this.#rowCount; row++) {
      this.#capacities[row] = fitting(this.#ends[row]! - this.#starts[row]!, this.#capacities[row]!);
      needed += this.#capacities[row]!;
    }
    const length = Math.max(SMALLEST_ARENA, Math.ceil(needed * (1 + HEADROOM)));
    const [targets, weights] = [this.#targets, this.#weights];
    const [orders, cumulative] = [this.#orders, this.#cumulative];
    this.#targets = shared(Int32Array, length);
    this.#cumulative = shared(Float64Array, length);
    this.#weights = new Float32Array(length);
    this.#orders = new Uint32Array(length);
    let to = 0;
    for (let row = 0; row < this.#rowCount; row++) {
      const start = this.#starts[row]!;
      const length = this.#ends[row]! - start;
      // Most rows are too short for views of them to be worthwhile.
      for (let i = 0; i < length; i++) {
        this.#targets[to + i] = targets[start + i]!;
        this.#weights[to + i] = weights[start + i]!;
        this.#orders[to + i] = orders[start + i]!;
        this.#cumulative[to + i] = cumulative[start + i]!;
      }
      this.#starts[row] = to;
      this.#ends[row] = to + length;
      to += this.#capacities[row]!;
    }
    this.#end = to;
  }
}

/** Room of a row after a move: none if it is empty, and less if most of it is unused. */
function fitting(length: number, capacity: number): number {
  if (length === 0) return 0;
  let fits = capacity;
  while (fits > SMALLEST_ROW && fits >= 4 * length) fits /= 2;
  return fits;
}

type SharedConstructor<A> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer): A;
};

function shared<A>(ArrayType: SharedConstructor<A>, length: number): A {
  return new ArrayType(new SharedArrayBuffer(length * ArrayType.BYTES_PER_ELEMENT));
}

function copied<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
