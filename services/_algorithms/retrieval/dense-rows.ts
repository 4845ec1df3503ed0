/** Capacity of an empty set or map; it doubles when it is full. */
const FIRST_CAPACITY = 1_024;

/** A set of rows of a table, whole numbers from 0: a byte for each row up to the highest, where a `Set` takes 30 and hashes. */
export class DenseRowSet {
  #flags = new Uint8Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return this.#flags[row] === 1;
  }

  add(row: number): void {
    if (this.has(row)) return;
    if (row >= this.#flags.length) {
      const larger = new Uint8Array(capacityFor(row, this.#flags.length));
      larger.set(this.#flags);
      this.#flags = larger;
    }
    this.#flags[row] = 1;
    this.#size++;
  }

  /** @returns whether it was there */
  delete(row: number): boolean {
    if (!this.has(row)) return false;
    this.#flags[row] = 0;
    this.#size--;
    return true;
  }

  clear(): void {
    this.#flags = new Uint8Array(FIRST_CAPACITY);
    this.#size = 0;
  }
}

/** Whole numbers from 0 to 2³¹ − 1 by row of a table: four bytes for each row up to the highest. */
export class DenseRowMap {
  /** −1 stands for a row without a number. */
  #numbers = new Int32Array(FIRST_CAPACITY).fill(-1);
  #size = 0;

  /** Number of rows that have a number. */
  get size(): number {
    return this.#size;
  }

  get(row: number): number | undefined {
    const number = this.#numbers[row];
    return number === -1 ? undefined : number;
  }

  set(row: number, number: number): void {
    if (row >= this.#numbers.length) {
      const larger = new Int32Array(capacityFor(row, this.#numbers.length)).fill(-1, this.#numbers.length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    if (this.#numbers[row] === -1) this.#size++;
    this.#numbers[row] = number;
  }

  delete(row: number): void {
    if (this.get(row) === undefined) return;
    this.#numbers[row] = -1;
    this.#size--;
  }

  /** The rows that have a number, in rising order. */
  *rows(): IterableIterator<number> {
    for (let row = 0; row < this.#numbers.length; row++) if (this.#numbers[row] !== -1) yield row;
  }
}

function capacityFor(row: number, capacity: number): number {
  let larger = capacity;
  while (larger <= row) larger *= 2;
  return larger;
}
