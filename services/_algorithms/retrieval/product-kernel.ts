import { pausesAt, runSteps, type Steps } from '../steps.ts';
import { norm, type Vector } from '../vectors.ts';
import { PRODUCT_KERNEL_WASM } from './product-kernel.wasm.ts';
import {
  BLOCK_ROWS,
  checkPlaces,
  GROUP,
  MOST_PLACES,
  type Probes,
  type ProductRows,
  type ProductTable,
  ROUNDING,
  type Strongest,
  widthFor,
} from './product-rows.ts';
import { ScalarRows } from './scalar-rows.ts';

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
