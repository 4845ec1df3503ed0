/**
 * Vectors of one dimension by item id, in one contiguous Float32Array that doubles when it is full. Rows are dense
 * and never move: row r is the r-th id that was ever set. A view refers to the current array, so do not keep it
 * across a `set`.
 */
export class VectorTable {
  readonly dimension: number;
  #matrix: Float32Array;
  readonly #rows = new Map<string, number>();
  readonly #ids: string[] = [];

  constructor(dimension: number, capacity = 1_024) {
    if (!Number.isInteger(dimension) || dimension < 1) {
      throw new RangeError(`A dimension must be a positive integer, not ${dimension}`);
    }
    this.dimension = dimension;
    this.#matrix = new Float32Array(dimension * Math.max(1, capacity));
  }

  get size(): number {
    return this.#ids.length;
  }

  /** Adds the vector, or replaces that of the id. Returns its row. Throws RangeError for another length. */
  set(itemId: string, vector: Float32Array): number {
    if (vector.length !== this.dimension) {
      throw new RangeError(`The vector of ${itemId} has ${vector.length} numbers, not ${this.dimension}`);
    }
    let row = this.#rows.get(itemId);
    if (row === undefined) {
      row = this.#ids.length;
      this.#rows.set(itemId, row);
      this.#ids.push(itemId);
      this.#grow(row + 1);
    }
    this.#matrix.set(vector, row * this.dimension);
    return row;
  }

  get(itemId: string): Float32Array | undefined {
    const row = this.#rows.get(itemId);
    return row === undefined ? undefined : this.at(row);
  }

  /** A view of a row below `size`. */
  at(row: number): Float32Array {
    return this.#matrix.subarray(row * this.dimension, (row + 1) * this.dimension);
  }

  rowOf(itemId: string): number | undefined {
    return this.#rows.get(itemId);
  }

  idAt(row: number): string | undefined {
    return this.#ids[row];
  }

  /** All rows, size × dimension, row-major: a view. */
  matrix(): Float32Array {
    return this.#matrix.subarray(0, this.size * this.dimension);
  }

  #grow(rows: number): void {
    if (rows * this.dimension <= this.#matrix.length) return;
    const larger = new Float32Array(this.#matrix.length * 2);
    larger.set(this.#matrix);
    this.#matrix = larger;
  }
}
