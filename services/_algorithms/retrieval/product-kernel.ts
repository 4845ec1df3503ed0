import { PRODUCT_KERNEL_WASM } from './product-kernel.wasm.ts';

/** Rows whose products are computed at a time. */
export const BLOCK_ROWS = 256;

/**
 * Computes ⟨query, row⟩ of some rows of one matrix.
 * @param matrix n × query.length, row-major
 * @param first the first row
 * @param count at most BLOCK_ROWS, and no more than follow
 * @returns a view that the next call overwrites, of at least `count` products
 */
export type BlockProducts = (
  query: Float64Array,
  matrix: Float32Array,
  first: number,
  count: number,
) => Float64Array;

/**
 * Uses SIMD if the engine supports it; TypeScript otherwise, and for vectors whose length is no multiple of four. Both add in the same
 * order and return the same bits.
 */
export function createBlockProducts(): BlockProducts {
  const scalar = createScalarProducts();
  if (!WebAssembly.validate(bytes())) return scalar;
  const simd = createSimdProducts();
  return (query, ...rows) => (query.length % 4 === 0 ? simd : scalar)(query, ...rows);
}

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  products(query: number, rows: number, count: number, width: number, products: number): void;
}

const PAGE_BYTES = 65_536;

/**
 * For vectors whose length is a multiple of four. It has a WebAssembly memory of its own, which uses much address space: keep one
 * rather than create many.
 */
export function createSimdProducts(): BlockProducts {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes()));
  const { memory, products: kernel } = exports as unknown as KernelExports;
  const queryAt = 8 * BLOCK_ROWS;
  let width = -1;
  let products = new Float64Array(0);
  let heldQuery = new Float64Array(0);
  let rows = new Float32Array(0);

  function reserve(dim: number): void {
    width = dim;
    const rowsAt = queryAt + 8 * dim;
    const missing = rowsAt + 4 * dim * BLOCK_ROWS - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    products = new Float64Array(memory.buffer, 0, BLOCK_ROWS);
    heldQuery = new Float64Array(memory.buffer, queryAt, dim);
    rows = new Float32Array(memory.buffer, rowsAt, dim * BLOCK_ROWS);
  }

  return (query, matrix, first, count) => {
    const dim = query.length;
    if (dim !== width) reserve(dim);
    heldQuery.set(query);
    // Copied, because a matrix in the kernel's memory could not be let go.
    rows.set(matrix.subarray(first * dim, (first + count) * dim));
    if (dim === 0) products.fill(0);
    else kernel(queryAt, rows.byteOffset, count, 4 * dim, 0);
    return products;
  };
}

/** For vectors of any length: four sums, of every fourth product each, and the rest one after the other. */
export function createScalarProducts(): BlockProducts {
  const products = new Float64Array(BLOCK_ROWS);
  return (query, matrix, first, count) => {
    const dim = query.length;
    const whole = dim - (dim % 4);
    for (let row = 0; row < count; row++) {
      const start = (first + row) * dim;
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
      products[row] = sum;
    }
    return products;
  };
}

function bytes(): Uint8Array {
  return Buffer.from(PRODUCT_KERNEL_WASM, 'base64');
}
