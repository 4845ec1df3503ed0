import { buildDendrogram, type Dendrogram, MergeList } from './dendrogram.ts';
import { checkPoints, type WeightedPoints } from './points.ts';
import { createKernel, type WardKernel } from './ward-kernel.ts';

/**
 * Memory for runs one after another; it grows to the largest used, 8·n·(n + dim) bytes, and is never returned. Keep
 * one per process: each has a WebAssembly memory of its own.
 */
export interface WardWorkspace {
  readonly kernel: WardKernel;
}

export function createWardWorkspace(kernel: WardKernel = createKernel()): WardWorkspace {
  return { kernel };
}

let shared: WardWorkspace | undefined;

/** No run outlives its call, so runs without a workspace of their own share one. */
function sharedWorkspace(): WardWorkspace {
  shared ??= createWardWorkspace();
  return shared;
}

/**
 * Ward's agglomerative clustering by the nearest-neighbour chain with Lance–Williams updates, O(n²) after the
 * O(n²·dim) distances (PinnerSage, KDD 2020, Algorithm 1; Murtagh and Contreras 2012 for the chain).
 *
 * Clusters A and B of weights a and b lie d = 2ab/(a+b)·‖c_A − c_B‖² apart, which is ‖x − y‖² for two points of
 * weight 1. A merge is reported at height √d, as scipy's `linkage(method='ward')` does. A point of weight w gives
 * the merges that w equal points give once these have joined at height 0.
 *
 * Ties go to the smaller index, a cluster's index being its smallest member, except that the chain's previous
 * element wins a tie with any other: without this it could run in a circle.
 *
 * Throws RangeError where shapes disagree, a weight is below 1, a number is not finite or a distance would not be.
 */
export function ward(input: WeightedPoints, { kernel }: WardWorkspace = sharedWorkspace()): Dendrogram {
  const count = checkPoints(input);
  const merges = new MergeList(count);
  if (count > 1) mergeByChain(layOut(input, count, kernel), kernel, merges);
  return buildDendrogram(merges);
}

/** A run's arrays, as positions in the kernel's block. Rows beyond `count` are padding, marked as departed. */
interface WardArrays {
  readonly block: Float64Array;
  readonly count: number;
  readonly rows: number;
  readonly weights: number;
  /** 0 for an existing cluster, Infinity for one that was merged into another. */
  readonly departed: number;
  /** rows × rows; the diagonal is Infinity. A merged cluster keeps the row of its smaller index. */
  readonly distances: number;
}

function layOut({ points, weights, dim }: WeightedPoints, count: number, kernel: WardKernel): WardArrays {
  const rows = roundUp(count);
  const width = roundUp(dim);
  const weightsAt = rows * width;
  const departedAt = weightsAt + rows;
  const distancesAt = departedAt + rows;
  const block = kernel.reserve(distancesAt + rows * rows);
  block.fill(0, 0, weightsAt);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dim; d++) block[i * width + d] = points[i * dim + d]!;
  }
  for (let i = 0; i < rows; i++) {
    block[weightsAt + i] = i < count ? weights[i]! : 1;
    block[departedAt + i] = i < count ? 0 : Infinity;
  }
  kernel.fillDistances(0, weightsAt, distancesAt, rows, width);
  for (let i = 0; i < count; i++) block[distancesAt + i * rows + i] = Infinity;
  return { block, count, rows, weights: weightsAt, departed: departedAt, distances: distancesAt };
}

/** Rounds up to a multiple of 4, as the kernel requires. */
function roundUp(length: number): number {
  return (length + 3) & ~3;
}

function mergeByChain(arrays: WardArrays, kernel: WardKernel, merges: MergeList): void {
  const { block, count, rows, distances, weights, departed } = arrays;
  const living = new Int32Array(count).map((_, i) => i);
  const chain = new Int32Array(count);
  let chainLength = 0;
  for (let alive = count; alive > 1; alive--) {
    if (chainLength === 0) chain[chainLength++] = living[0]!;
    // Distances decrease along the chain, so it ends in two clusters that are each other's nearest.
    for (;;) {
      const top = chain[chainLength - 1]!;
      const previous = chainLength > 1 ? chain[chainLength - 2]! : -1;
      const nearest = kernel.nearest(distances + top * rows, departed, rows, previous);
      if (nearest < 0) throw new RangeError('A distance is not finite: the points are too far apart');
      if (nearest === previous) break;
      chain[chainLength++] = nearest;
    }
    const one = chain[--chainLength]!;
    const other = chain[--chainLength]!;
    const kept = Math.min(one, other);
    const gone = Math.max(one, other);
    const squaredHeight = block[distances + kept * rows + gone]!;
    removeFrom(living, alive, gone);
    block[departed + gone] = Infinity;
    mergeRows(arrays, kernel, kept, gone);
    for (let i = 0; i < alive - 1; i++) {
      const k = living[i]!;
      block[distances + k * rows + kept] = block[distances + kept * rows + k]!;
    }
    merges.add(kept, gone, Math.sqrt(squaredHeight), block[weights + kept]!);
  }
}

/** The diagonal stays Infinity, since the kept cluster's distance to itself was Infinity. */
function mergeRows(
  { block, rows, weights, distances }: WardArrays,
  kernel: WardKernel,
  kept: number,
  gone: number,
) {
  const keptRow = distances + kept * rows;
  const between = block[keptRow + gone]!;
  const [keptWeight, goneWeight] = [block[weights + kept]!, block[weights + gone]!];
  kernel.updateRow(keptRow, distances + gone * rows, weights, rows, keptWeight, goneWeight, between);
  block[weights + kept] = keptWeight + goneWeight;
}

/** Removes `member` from the first `length` entries and keeps their order. */
function removeFrom(list: Int32Array, length: number, member: number): void {
  const position = list.subarray(0, length).indexOf(member);
  list.copyWithin(position, position + 1, length);
}
