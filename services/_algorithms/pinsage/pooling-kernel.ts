import { POOLING_KERNEL_WASM } from './pooling-kernel.wasm.ts';

/** The neighbours of `count` items, as positions in a matrix of rows. */
export interface WeightedNeighbours {
  readonly count: number;
  /** count × T positions, each below the number of rows. */
  readonly neighbours: Int32Array;
  /** count × T; a weight of 0 means no neighbour. */
  readonly weights: Float32Array;
}

/**
 * The loops in which pooling spends its time. Gathering the rows of all neighbours first would take T times the
 * memory of the result, and most of a training step. All kernels return the same bits.
 */
export interface PoolingKernel {
  /** Σ weight · row over each item's neighbours, in their order: count × width. `rows` is n × width. */
  pool(rows: Float32Array, width: number, items: WeightedNeighbours): Float32Array;
  /** The adjoint of `pool`: Σ weight · value over the items that a row is a neighbour of: rowCount × width. */
  spread(values: Float32Array, width: number, items: WeightedNeighbours, rowCount: number): Float32Array;
}

/** Columns that the SIMD kernel processes at a time. */
const COLUMNS = 32;

/** Uses SIMD if the engine supports it and the width of rows is a multiple of 32; TypeScript otherwise. */
export function createPoolingKernel(): PoolingKernel {
  const scalar = createScalarPooling();
  const simd = WebAssembly.validate(bytes()) ? createSimdPooling() : scalar;
  const fitting = (width: number) => (width % COLUMNS === 0 ? simd : scalar);
  return {
    pool: (rows, width, items) => fitting(width).pool(rows, width, items),
    spread: (values, width, items, rowCount) => fitting(width).spread(values, width, items, rowCount),
  };
}

const PAGE_BYTES = 65_536;

type Loop = (
  from: number,
  neighbours: number,
  weights: number,
  to: number,
  count: number,
  size: number,
  widthBytes: number,
) => void;

/** `width` must be a multiple of 32. It has a WebAssembly memory of its own, which never shrinks: keep one. */
export function createSimdPooling(): PoolingKernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes()));
  const { memory, pool, spread } = exports as unknown as {
    readonly memory: WebAssembly.Memory;
    readonly pool: Loop;
    readonly spread: Loop;
  };

  function run(
    loop: Loop,
    values: Float32Array,
    width: number,
    items: WeightedNeighbours,
    resultLength: number,
  ): Float32Array {
    const { count, neighbours, weights } = items;
    if (count === 0) return new Float32Array(resultLength);
    const neighboursAt = values.byteLength;
    const weightsAt = neighboursAt + neighbours.byteLength;
    const resultAt = weightsAt + weights.byteLength;
    const missing = resultAt + 4 * resultLength - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    new Float32Array(memory.buffer).set(values);
    new Int32Array(memory.buffer, neighboursAt).set(neighbours);
    new Float32Array(memory.buffer, weightsAt).set(weights);
    const result = new Float32Array(memory.buffer, resultAt, resultLength).fill(0);
    loop(0, neighboursAt, weightsAt, resultAt, count, neighbours.length / count, 4 * width);
    return result.slice();
  }

  return {
    pool: (rows, width, items) => run(pool, rows, width, items, items.count * width),
    spread: (values, width, items, rowCount) => run(spread, values, width, items, rowCount * width),
  };
}

function bytes(): Uint8Array {
  return Buffer.from(POOLING_KERNEL_WASM, 'base64');
}

/** The same in plain TypeScript, for rows of any width: the fallback, and the oracle of the SIMD kernel. */
export function createScalarPooling(): PoolingKernel {
  return {
    pool(rows, width, items) {
      const pooled = new Float32Array(items.count * width);
      for (const { item, row, weight } of edgesOf(items)) {
        addScaled(pooled, item * width, rows, row * width, width, weight);
      }
      return pooled;
    },
    spread(values, width, items, rowCount) {
      const sums = new Float32Array(rowCount * width);
      for (const { item, row, weight } of edgesOf(items)) {
        addScaled(sums, row * width, values, item * width, width, weight);
      }
      return sums;
    },
  };
}

function* edgesOf({ count, neighbours, weights }: WeightedNeighbours) {
  const size = neighbours.length / count;
  for (let edge = 0; edge < neighbours.length; edge++) {
    const weight = weights[edge]!;
    if (weight !== 0) yield { item: Math.floor(edge / size), row: neighbours[edge]!, weight };
  }
}

/** Rounds the product and the sum to float32 one after the other, as SIMD does. */
function addScaled(
  to: Float32Array,
  toStart: number,
  from: Float32Array,
  fromStart: number,
  width: number,
  weight: number,
): void {
  for (let i = 0; i < width; i++) to[toStart + i]! += Math.fround(weight * from[fromStart + i]!);
}
