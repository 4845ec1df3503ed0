import { buildDendrogram, type Dendrogram, type Merge } from './dendrogram.ts';
import { checkPoints, type WeightedPoints } from './points.ts';

/** Buffers that a caller may keep between runs; they grow to the largest n seen (8·n² bytes). */
export interface WardWorkspace {
  /** n × n squared Ward distances between living clusters, both halves filled. */
  distances: Float64Array;
}

export function createWardWorkspace(): WardWorkspace {
  return { distances: new Float64Array(0) };
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
 * Throws RangeError where shapes disagree, a weight is below 1 or a number is not finite.
 */
export function ward(input: WeightedPoints, workspace: WardWorkspace = createWardWorkspace()): Dendrogram {
  const count = checkPoints(input);
  if (workspace.distances.length < count * count) workspace.distances = new Float64Array(count * count);
  const distances = workspace.distances;
  fillDistances(input, count, distances);
  return buildDendrogram(count, mergeByChain(distances, Float64Array.from(input.weights), count));
}

function fillDistances(
  { points, weights, dim }: WeightedPoints,
  count: number,
  distances: Float64Array,
): void {
  for (let a = 0; a < count; a++) {
    distances[a * count + a] = 0;
    for (let b = 0; b < a; b++) {
      let sum = 0;
      for (let i = a * dim, j = b * dim; i < (a + 1) * dim; i++, j++) {
        const difference = points[i]! - points[j]!;
        sum += difference * difference;
      }
      const d = ((2 * weights[a]! * weights[b]!) / (weights[a]! + weights[b]!)) * sum;
      distances[a * count + b] = d;
      distances[b * count + a] = d;
    }
  }
}

/** Overwrites `distances` and `weights`. A merged cluster lives on in the row of its smaller index. */
function mergeByChain(distances: Float64Array, weights: Float64Array, count: number): Merge[] {
  const living = Int32Array.from({ length: count }, (_, i) => i);
  const chain = new Int32Array(count);
  const merges: Merge[] = [];
  let chainLength = 0;
  for (let alive = count; alive > 1; alive--) {
    if (chainLength === 0) chain[chainLength++] = living[0]!;
    // Distances fall along the chain, so it ends in two clusters that are each other's nearest.
    for (;;) {
      const top = chain[chainLength - 1]!;
      const previous = chainLength > 1 ? chain[chainLength - 2]! : -1;
      const nearest = nearestTo(top, previous, distances, living, alive, count);
      if (nearest === previous) break;
      chain[chainLength++] = nearest;
    }
    const one = chain[--chainLength]!;
    const other = chain[--chainLength]!;
    const [kept, gone] = one < other ? [one, other] : [other, one];
    const squaredHeight = distances[kept * count + gone]!;
    removeFrom(living, alive, gone);
    updateDistances(kept, gone, distances, weights, living.subarray(0, alive - 1), count);
    weights[kept]! += weights[gone]!;
    merges.push({ first: kept, second: gone, height: Math.sqrt(squaredHeight), weight: weights[kept]! });
  }
  return merges;
}

function nearestTo(
  top: number,
  previous: number,
  distances: Float64Array,
  living: Int32Array,
  alive: number,
  count: number,
): number {
  const start = top * count;
  let nearest = previous;
  let least = previous < 0 ? Infinity : distances[start + previous]!;
  for (let i = 0; i < alive; i++) {
    const candidate = living[i]!;
    const d = distances[start + candidate]!;
    if (d < least && candidate !== top) {
      least = d;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Lance–Williams: d(i∪j,k) = [(n_i+n_k)·d_ik + (n_j+n_k)·d_jk − n_k·d_ij] / (n_i+n_j+n_k). */
function updateDistances(
  kept: number,
  gone: number,
  distances: Float64Array,
  weights: Float64Array,
  living: Int32Array,
  count: number,
): void {
  const between = distances[kept * count + gone]!;
  const keptWeight = weights[kept]!;
  const goneWeight = weights[gone]!;
  for (let i = 0; i < living.length; i++) {
    const k = living[i]!;
    if (k === kept) continue;
    const weight = weights[k]!;
    const toKept = distances[kept * count + k]!;
    const toGone = distances[gone * count + k]!;
    const sum = (keptWeight + weight) * toKept + (goneWeight + weight) * toGone - weight * between;
    // Ward is reducible: no cluster comes nearer by a merge of two that were each other's nearest. Rounding must
    // not break this, since the chain below the merge relies on it, and heights would fall.
    const d = Math.max(sum / (keptWeight + goneWeight + weight), Math.min(toKept, toGone));
    distances[kept * count + k] = d;
    distances[k * count + kept] = d;
  }
}

/** Takes `member` out of the first `length` entries and keeps their order. */
function removeFrom(list: Int32Array, length: number, member: number): void {
  const position = list.subarray(0, length).indexOf(member);
  list.copyWithin(position, position + 1, length);
}
