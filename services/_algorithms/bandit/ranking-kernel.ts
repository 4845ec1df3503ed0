import { TopK } from '../top-k.ts';
import { RANKING_KERNEL_WASM } from './ranking-kernel.wasm.ts';

export interface RankingTask {
  /** rows × columns, row-major, finite. */
  readonly values: Float64Array;
  readonly columns: number;
  /** lists × columns, row-major, finite. */
  readonly weights: Float64Array;
  readonly lists: number;
  /** Entries of a list, at most the number of rows. */
  readonly size: number;
}

/** One list after another: the entry of a slot is at `list * size + slot`. */
export interface RankedLists {
  readonly rows: Int32Array;
  readonly scores: Float64Array;
}

/**
 * Returns for each weight vector w the rows of the highest xᵀw, the best first, ties to the smaller row. The sums add in the order
 * of the columns, so that all implementations return the same bits.
 */
export type RankRows = (task: RankingTask) => RankedLists;

/** Uses SIMD if the engine supports it; TypeScript otherwise. */
export function createRanking(): RankRows {
  return WebAssembly.validate(bytes()) ? createSimdRanking() : rankRowsOneByOne;
}

/** Lists that the kernel scores at a time. */
const LANES = 16;
const PAGE_BYTES = 65_536;

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  rank(
    values: number,
    rows: number,
    width: number,
    weights: number,
    stride: number,
    bars: number,
    scores: number,
    ids: number,
    size: number,
    scratch: number,
  ): void;
}

/** It has a WebAssembly memory of its own, which never shrinks: keep one. */
export function createSimdRanking(): RankRows {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes()));
  const { memory, rank } = exports as unknown as KernelExports;
  return ({ values, columns, weights, lists, size }) => {
    if (size === 0) return { rows: new Int32Array(0), scores: new Float64Array(0) };
    const padded = Math.ceil(lists / LANES) * LANES;
    const weightsAt = 8 * LANES;
    const barsAt = weightsAt + 8 * padded * columns;
    const scoresAt = barsAt + 8 * padded;
    const valuesAt = scoresAt + 8 * padded * size;
    const idsAt = valuesAt + values.byteLength;
    const missing = idsAt + 4 * padded * size - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const { buffer } = memory;
    const transposed = new Float64Array(buffer, weightsAt, padded * columns).fill(0);
    for (let list = 0, i = 0; list < lists; list++)
      for (let column = 0; column < columns; column++) transposed[column * padded + list] = weights[i++]!;
    // No score is above the bar of a list that only fills the lanes.
    const bars = new Float64Array(buffer, barsAt, padded);
    bars.fill(Number.NEGATIVE_INFINITY, 0, lists).fill(Number.POSITIVE_INFINITY, lists);
    const scores = new Float64Array(buffer, scoresAt, lists * size).fill(Number.NEGATIVE_INFINITY);
    new Float64Array(buffer, valuesAt, values.length).set(values);
    const count = values.length / columns;
    rank(valuesAt, count, 8 * columns, weightsAt, 8 * padded, barsAt, scoresAt, idsAt, size, 0);
    return { rows: new Int32Array(buffer, idsAt, lists * size).slice(), scores: scores.slice() };
  };
}

function bytes(): Uint8Array {
  return Buffer.from(RANKING_KERNEL_WASM, 'base64');
}

/** The same in plain TypeScript: the fallback, and the oracle of the SIMD kernel. */
export const rankRowsOneByOne: RankRows = ({ values, columns, weights, lists, size }) => {
  const rows = new Int32Array(lists * size);
  const scores = new Float64Array(lists * size);
  const top = new TopK(size);
  for (let list = 0; list < lists; list++) {
    for (let row = 0; row * columns < values.length; row++) {
      let score = 0;
      for (let i = 0; i < columns; i++) score += weights[list * columns + i]! * values[row * columns + i]!;
      top.offer(row, score);
    }
    top.drainInto(rows, scores, list * size);
  }
  return { rows, scores };
};
