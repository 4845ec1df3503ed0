import { pausesAt, runSteps, type Steps } from '../steps.ts';
import { norm, type Vector } from '../vectors.ts';
import { PRODUCT_KERNEL_WASM } from './product-kernel.wasm.ts';

/** Rows that are compared with a query at a time. */
export const BLOCK_ROWS = 256;

/** Rows of one matrix, of which products with a query are computed. */
export interface ProductRows {
  readonly count: number;
  readonly dim: number;
  /** count × dim, row-major, zeros at first: write rows of length at most 1 into it before the first product. */
  readonly matrix: Float32Array;
  /** Found by the last call of `above`; the next call overwrites them. */
  readonly places: Int32Array;
  readonly scores: Float64Array;
  /** Does what the first product needs; else the first call of `begin` does it. The rows may not be written to afterwards. */
  prepare(): Steps<void>;
  /**
   * Sets the query for `above`, until the next call of `begin`.
   * @param query length dim
   * @param factors length count, finite, at least 0 and falling; not written to later
   */
  begin(query: Vector, factors: Float64Array): void;
  /**
   * Finds the rows of a block with factor · ⟨query, row⟩ > bar: their `places`, ascending, and `scores`.
   * @param first the first row of the block, a multiple of BLOCK_ROWS
   * @param bar at least 0
   * @returns their number
   */
  above(first: number, bar: number): number;
  /**
   * Computes factor · ⟨query, row⟩ of the rows at the first `count` of `places`, which the caller has written, into `scores`.
   * @param count at most BLOCK_ROWS
   */
  scorePlaces(count: number): void;
  /**
   * Finds for each place the probe of the largest weight · ⟨probe, row⟩ above 0, the first one of equals.
   * @param places at most BLOCK_ROWS
   * @returns views that the next call overwrites
   */
  strongest(places: Int32Array, probes: Probes): Strongest;
  /**
   * ⟨row of another, row of a place⟩ in float32 for each of both.
   * @param places at most MOST_PLACES
   * @param others any number of places
   */
  products(places: ArrayLike<number>, others: ArrayLike<number>): ProductTable;
}

/** Most columns of a table of products. */
export const MOST_PLACES = 64;

/** One row for each of the others, with a column for each place. */
export interface ProductTable {
  /** Row-major. */
  readonly values: Float32Array;
  /** Numbers of a row, at least one a column; what is beyond the columns means nothing. */
  readonly width: number;
}

/** Vectors with which rows are compared. */
export interface Probes {
  /** Of length at most 1; each has dim numbers. */
  readonly vectors: readonly Vector[];
  /** One a vector, falling. */
  readonly weights: readonly number[];
}

/** One a place. */
export interface Strongest {
  /** Position of the probe, −1 where none has a product above 0. */
  readonly probes: Int32Array;
  /** ⟨probe, row⟩ where there is one. */
  readonly products: Float64Array;
}

/** Bytes that a WebAssembly memory can have, less one page. */
const MOST_BYTES = 2 ** 32 - 65_536;

/**
 * Reserves rows. Uses SIMD if the engine supports it; TypeScript otherwise, for vectors whose length is no multiple of four, and for
 * rows that a WebAssembly memory cannot hold. Both compute the same bits.
 *
 * With SIMD the rows lie in a WebAssembly memory of their own, which uses much address space and is released with them.
 */
export function reserveRows(count: number, dim: number): ProductRows {
  const isFit = dim > 0 && dim % 4 === 0 && (5 * dim + 20) * (count + BLOCK_ROWS) < MOST_BYTES;
  return isFit && isSupported() ? new SimdRows(count, dim) : new ScalarRows(count, dim);
}

/** For vectors of any length: four sums, of every fourth product each, and the rest one after the other. */
export class ScalarRows implements ProductRows {
  readonly count: number;
  readonly dim: number;
  readonly matrix: Float32Array;
  readonly places = new Int32Array(BLOCK_ROWS);
  readonly scores = new Float64Array(BLOCK_ROWS);
  readonly #strongest: Strongest = {
    probes: new Int32Array(BLOCK_ROWS),
    products: new Float64Array(BLOCK_ROWS),
  };
  #query: Vector = new Float64Array(0);
  #factors: Float64Array = new Float64Array(0);

  constructor(count: number, dim: number) {
    this.count = count;
    this.dim = dim;
    this.matrix = new Float32Array(count * dim);
  }

  /** Nothing is to do. */
  *prepare(): Steps<void> {}

  begin(query: Vector, factors: Float64Array): void {
    this.#query = query;
    this.#factors = factors;
  }

  above(first: number, bar: number): number {
    const end = Math.min(this.count, first + BLOCK_ROWS);
    let found = 0;
    for (let place = first; place < end; place++) {
      const score = this.#factors[place]! * this.#product(this.#query, place);
      if (!(score > bar)) continue;
      this.places[found] = place;
      this.scores[found++] = score;
    }
    return found;
  }

  scorePlaces(count: number): void {
    for (let i = 0; i < count; i++) {
      const place = this.places[i]!;
      this.scores[i] = this.#factors[place]! * this.#product(this.#query, place);
    }
  }

  strongest(places: Int32Array, { vectors, weights }: Probes): Strongest {
    const { probes, products } = this.#strongest;
    for (let i = 0; i < places.length; i++) {
      let largest = 0;
      probes[i] = -1;
      for (let probe = 0; probe < vectors.length; probe++) {
        // No product is above 1.
        if (weights[probe]! <= largest) break;
        const product = this.#product(vectors[probe]!, places[i]!);
        if (!(weights[probe]! * product > largest)) continue;
        largest = weights[probe]! * product;
        probes[i] = probe;
        products[i] = product;
      }
    }
    return this.#strongest;
  }

  products(places: ArrayLike<number>, others: ArrayLike<number>): ProductTable {
    checkPlaces(places);
    const { dim, matrix } = this;
    const width = widthFor(places);
    const values = new Float32Array(others.length * width);
    const lanes = new Float32Array(4);
    for (let other = 0; other < others.length; other++) {
      for (let place = 0; place < places.length; place++) {
        lanes.fill(0);
        for (let i = 0; i < dim; i++)
          lanes[i % 4]! += Math.fround(matrix[others[other]! * dim + i]! * matrix[places[place]! * dim + i]!);
        const [a, b, c, d] = lanes;
        values[other * width + place] = Math.fround(a! + b!) + Math.fround(c! + d!);
      }
    }
    return { values, width };
  }

  #product(query: Vector, place: number): number {
    const { dim, matrix } = this;
    const whole = dim - (dim % 4);
    const start = place * dim;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < whole; i += 4) {
      const j = start + i;
      a += query[i]! * matrix[j]!;
      b += query[i + 1]! * matrix[j + 1]!;
      c += query[i + 2]! * matrix[j + 2]!;
      d += query[i + 3]! * matrix[j + 3]!;
    }
    let sum = a + c + (b + d);
    for (let i = whole; i < dim; i++) sum += query[i]! * matrix[start + i]!;
    return sum;
  }
}

interface KernelExports {
  strongest(
    ...at: [
      ...[probes: number, weights: number, count: number, first: number],
      ...[rows: number, places: number, end: number, width: number],
      ...[largest: number, strongest: number, products: number],
    ]
  ): void;
  scores(
    ...at: [
      ...[query: number, rows: number, factors: number, width: number],
      ...[places: number, end: number, to: number],
    ]
  ): void;
  products(
    ...at: [
      ...[places: number, placesEnd: number, others: number, othersEnd: number],
      ...[rows: number, width: number, to: number],
    ]
  ): void;
  above(
    ...at: [
      ...[query: number, direction: number, rows: number, codes: number, scales: number, factors: number],
      ...[place: number, count: number, width: number, narrow: number],
      ...[longest: number, slack: number, bar: number],
      ...[places: number, scores: number],
    ]
  ): number;
}

const PAGE_BYTES = 65_536;
/** Rows in a step of the kernel. */
const GROUP = 4;
/** Probes in a call of the kernel. */
const PROBES = 64;
/** Rows in a call of the kernel that are multiplied with those of places. */
const OTHERS = 64;
/** Numbers of a row in a step of the kernel. */
const COLUMNS = 8;
/** The largest code of a number of a row, and of a number of a query. */
const [MOST_OF_ROW, MOST_OF_QUERY] = [127, 32_767];
/** A sum of products of codes stays below it. */
const MOST_SUM = 2 ** 31;
/** Of an estimate that is rounded to float32 twice. */
const EPSILON = 2 ** -22;
/** A row of length 1 in float32 may be longer by so much; more than any estimate loses by rounding. */
export const ROUNDING = 1 + 1e-5;

/** For vectors whose length is a multiple of four. */
export class SimdRows implements ProductRows {
  readonly count: number;
  readonly dim: number;
  readonly matrix: Float32Array;
  readonly places: Int32Array;
  readonly scores: Float64Array;
  readonly #kernel: KernelExports;
  readonly #query: Float64Array;
  readonly #direction: Int16Array;
  readonly #probes: Float64Array;
  readonly #weights: Float64Array;
  readonly #largest: Float64Array;
  readonly #strongest: Strongest;
  readonly #columns: Int32Array;
  readonly #others: Int32Array;
  readonly #table: Float32Array;
  readonly #heldFactors: Float64Array;
  readonly #codes: Int8Array;
  readonly #scales: Float32Array;
  /** Bytes of codes of a row. */
  readonly #narrow: number;
  /** The largest distance of a row from its codes; undefined until the rows are encoded. */
  #distance: number | undefined;
  /** Factors that the memory holds. */
  #factors: Float64Array | undefined;
  /** Of a product of codes, so that it estimates a score without its factor. */
  #scale = 0;
  #slack = 0;

  constructor(count: number, dim: number) {
    this.count = count;
    this.dim = dim;
    const padded = GROUP * Math.ceil(count / GROUP);
    const narrow = COLUMNS * Math.ceil(dim / COLUMNS);
    const bytes =
      padded * (4 * dim + 8 + 4 + narrow) +
      8 * (3 * BLOCK_ROWS + dim + PROBES * (dim + 1)) +
      4 * 2 * BLOCK_ROWS +
      4 * (MOST_PLACES + OTHERS + MOST_PLACES * OTHERS) +
      2 * narrow;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const { buffer } = memory;
    let at = 0;
    const take = (size: number): [ArrayBuffer, number] => {
      at += size;
      return [buffer, at - size];
    };
    // First, so that no row crosses more cache lines than it must.
    this.matrix = new Float32Array(...take(4 * padded * dim), count * dim);
    this.scores = new Float64Array(...take(8 * BLOCK_ROWS), BLOCK_ROWS);
    const products = new Float64Array(...take(8 * BLOCK_ROWS), BLOCK_ROWS);
    this.#largest = new Float64Array(...take(8 * BLOCK_ROWS), BLOCK_ROWS);
    this.#weights = new Float64Array(...take(8 * PROBES), PROBES);
    this.#probes = new Float64Array(...take(8 * PROBES * dim), PROBES * dim);
    this.#query = new Float64Array(...take(8 * dim), dim);
    this.#heldFactors = new Float64Array(...take(8 * padded), padded);
    this.places = new Int32Array(...take(4 * BLOCK_ROWS), BLOCK_ROWS);
    this.#strongest = { probes: new Int32Array(...take(4 * BLOCK_ROWS), BLOCK_ROWS), products };
    this.#scales = new Float32Array(...take(4 * padded), padded);
    this.#columns = new Int32Array(...take(4 * MOST_PLACES), MOST_PLACES);
    this.#others = new Int32Array(...take(4 * OTHERS), OTHERS);
    this.#table = new Float32Array(...take(4 * MOST_PLACES * OTHERS), MOST_PLACES * OTHERS);
    this.#direction = new Int16Array(...take(2 * narrow), narrow);
    this.#codes = new Int8Array(...take(padded * narrow), padded * narrow);
    this.#narrow = narrow;
    this.#kernel = instantiate(memory);
  }

  *prepare(): Steps<void> {
    this.#distance ??= yield* this.#encode();
  }

  begin(query: Vector, factors: Float64Array): void {
    this.#distance ??= runSteps(this.#encode());
    this.#query.set(query);
    const length = norm(query);
    let largest = 0;
    for (const x of query) largest = Math.max(largest, Math.abs(x));
    const most = Math.min(MOST_OF_QUERY, Math.floor(MOST_SUM / ((MOST_OF_ROW + 1) * this.#narrow)));
    const unit = largest / most;
    let squares = 0;
    for (let i = 0; i < query.length; i++) {
      const code = Math.round(query[i]! / unit);
      this.#direction[i] = code;
      squares += (query[i]! - code * unit) ** 2;
    }
    // ⟨q, row⟩ = ⟨codes of q, codes of row⟩ + ⟨codes of q − q, codes of row⟩ + ⟨q, row − codes of row⟩, of which the last two are at most
    // the product of their lengths.
    this.#scale = unit;
    this.#slack =
      (ROUNDING * (Math.sqrt(squares) * (1 + this.#distance) + length * (this.#distance + EPSILON))) / unit;
    if (factors === this.#factors) return;
    this.#heldFactors.set(factors);
    this.#factors = factors;
  }

  above(first: number, bar: number): number {
    const { dim } = this;
    const end = Math.min(this.#heldFactors.length, first + BLOCK_ROWS);
    return this.#kernel.above(
      this.#query.byteOffset,
      this.#direction.byteOffset,
      this.matrix.byteOffset + 4 * dim * first,
      this.#codes.byteOffset + this.#narrow * first,
      this.#scales.byteOffset + 4 * first,
      this.#heldFactors.byteOffset + 8 * first,
      first,
      end - first,
      4 * dim,
      this.#narrow,
      this.#scale,
      this.#slack,
      bar,
      this.places.byteOffset,
      this.scores.byteOffset,
    );
  }

  scorePlaces(count: number): void {
    this.#kernel.scores(
      this.#query.byteOffset,
      this.matrix.byteOffset,
      this.#heldFactors.byteOffset,
      4 * this.dim,
      this.places.byteOffset,
      this.places.byteOffset + 4 * count,
      this.scores.byteOffset,
    );
  }

  strongest(places: Int32Array, { vectors, weights }: Probes): Strongest {
    const { dim } = this;
    const { probes, products } = this.#strongest;
    this.places.set(places);
    this.#largest.fill(0, 0, places.length);
    probes.fill(-1, 0, places.length);
    for (let first = 0; first < vectors.length; first += PROBES) {
      const count = Math.min(PROBES, vectors.length - first);
      for (let probe = 0; probe < count; probe++) {
        this.#weights[probe] = weights[first + probe]!;
        const vector = vectors[first + probe]!;
        for (let i = 0, at = probe * dim; i < dim; i++, at++) this.#probes[at] = vector[i]!;
      }
      this.#kernel.strongest(
        this.#probes.byteOffset,
        this.#weights.byteOffset,
        count,
        first,
        this.matrix.byteOffset,
        this.places.byteOffset,
        this.places.byteOffset + 4 * places.length,
        4 * dim,
        this.#largest.byteOffset,
        probes.byteOffset,
        products.byteOffset,
      );
    }
    return this.#strongest;
  }

  products(places: ArrayLike<number>, others: ArrayLike<number>): ProductTable {
    checkPlaces(places);
    const width = widthFor(places);
    const values = new Float32Array(others.length * width);
    this.#columns.fill(0, 0, width);
    this.#columns.set(places);
    for (let first = 0; first < others.length; first += OTHERS) {
      const count = Math.min(OTHERS, others.length - first);
      for (let i = 0; i < count; i++) this.#others[i] = others[first + i]!;
      this.#kernel.products(
        this.#columns.byteOffset,
        this.#columns.byteOffset + 4 * width,
        this.#others.byteOffset,
        this.#others.byteOffset + 4 * count,
        this.matrix.byteOffset,
        4 * this.dim,
        this.#table.byteOffset,
      );
      values.set(this.#table.subarray(0, count * width), first * width);
    }
    return { values, width };
  }

  /** Rounds each row to multiples of a 127th of its largest number. @returns the largest distance of a row from its codes */
  *#encode(): Steps<number> {
    const { dim, count, matrix } = this;
    let farthest = 0;
    for (let row = 0; row < count; row++) {
      if (pausesAt(row)) yield;
      const start = row * dim;
      let largest = 0;
      for (let i = start; i < start + dim; i++) {
        const size = Math.abs(matrix[i]!);
        if (size > largest) largest = size;
      }
      if (largest === 0) continue;
      const unit = Math.fround(largest / MOST_OF_ROW);
      this.#scales[row] = unit;
      let squares = 0;
      for (let i = 0; i < dim; i++) {
        const x = matrix[start + i]!;
        const code = Math.round(x / unit);
        this.#codes[row * this.#narrow + i] = code;
        squares += (x - code * unit) ** 2;
      }
      if (squares > farthest) farthest = squares;
    }
    return Math.sqrt(farthest);
  }
}

function widthFor(places: ArrayLike<number>): number {
  return GROUP * Math.ceil(places.length / GROUP);
}

function checkPlaces({ length }: ArrayLike<number>): void {
  if (length > MOST_PLACES) throw new RangeError(`Products of ${length} places; ${MOST_PLACES} are the most`);
}

let module: WebAssembly.Module | undefined;

function instantiate(memory: WebAssembly.Memory): KernelExports {
  module ??= new WebAssembly.Module(bytes());
  return new WebAssembly.Instance(module, { rows: { memory } }).exports as unknown as KernelExports;
}

let supported: boolean | undefined;

function isSupported(): boolean {
  supported ??= WebAssembly.validate(bytes());
  return supported;
}

function bytes(): Uint8Array {
  return Buffer.from(PRODUCT_KERNEL_WASM, 'base64');
}
