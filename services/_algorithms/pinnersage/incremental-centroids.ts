import type { Vector } from '../vectors.ts';
import type { RowRing } from './row-ring.ts';

/** Points to cluster: finite vectors of one dimension, and how often each occurs, at least once. */
export interface ForestLeaves {
  readonly vectors: readonly Vector[];
  readonly weights: readonly number[];
  /** A digest of each vector, see `leafDigestOf`; left out where no clustering is encoded. */
  readonly digests?: readonly number[];
}

/** State of the clusters of n leaves and their merges, n numbers each. */
export interface MergeArrays {
  /** By slot; 0 for a cluster that was merged into another. */
  readonly weights: Float64Array;
  /** By slot: Σ weight·‖vector − centroid‖² over the cluster's leaves. */
  readonly spreads: Float64Array;
  /** By merge: the slot that holds the union, and the slot that was merged into it. */
  readonly kept: Int32Array;
  readonly gone: Int32Array;
}

export function createMergeArrays(count: number): MergeArrays {
  return {
    weights: new Float64Array(count),
    spreads: new Float64Array(count),
    kept: new Int32Array(count),
    gone: new Int32Array(count),
  };
}

/** Buffers that a caller keeps between runs; they grow to the largest n and n·dim used. */
export class CentroidSpace {
  centroids = new Float64Array(0);
  /** By slot: weight of the part of the cluster whose centroid is computed, 0 if no part is. */
  computed = new Float64Array(0);
  /**
   * By slot: the first merge that its centroid lacks, and its last merge, or −1. By merge: the next one of its slot.
   */
  pending = new Int32Array(0);
  latest = new Int32Array(0);
  following = new Int32Array(0);

  reserveCentroids(count: number, dim: number): void {
    if (this.centroids.length < count * dim) this.centroids = new Float64Array(Math.ceil(1.25 * count * dim));
    if (this.computed.length >= count) return;
    const capacity = Math.ceil(1.25 * count);
    this.computed = new Float64Array(capacity);
    for (const name of ['pending', 'latest', 'following'] as const) this[name] = new Int32Array(capacity);
  }
}

/** Coordinates between two checks whether a distance can still matter. */
const BLOCK = 16;

/**
 * Clusters by centroid and weight. A cluster is named by its first leaf, its slot; a union keeps the smaller slot.
 * Its numbers follow from its leaves and the merges that produced it, so that equal clusters are equal to the last
 * bit. A centroid is computed when a distance needs it, since most are never needed.
 */
export class CentroidClusters {
  /** By slot; 0 for a cluster that was merged into another. */
  readonly weights: Float64Array;
  readonly #arrays: MergeArrays;
  readonly #leaves: ForestLeaves;
  readonly #space: CentroidSpace;
  readonly #count: number;
  readonly #dim: number;
  #merges = 0;

  constructor(leaves: ForestLeaves, space: CentroidSpace, arrays: MergeArrays) {
    this.#leaves = leaves;
    this.#space = space;
    this.#count = leaves.vectors.length;
    this.#dim = leaves.vectors[0]?.length ?? 0;
    space.reserveCentroids(this.#count, this.#dim);
    this.#arrays = arrays;
    this.weights = arrays.weights;
    for (let leaf = 0; leaf < this.#count; leaf++) arrays.weights[leaf] = leaves.weights[leaf]!;
    arrays.spreads.fill(0, 0, this.#count);
    space.computed.fill(0, 0, this.#count);
    space.pending.fill(-1, 0, this.#count);
    space.latest.fill(-1, 0, this.#count);
  }

  /** 2ab/(a+b)·‖c_A − c_B‖², or a smaller number that is still above `bound`. */
  distance(a: number, b: number, bound: number): number {
    this.#compute(a);
    this.#compute(b);
    const { centroids } = this.#space;
    const weightA = this.weights[a]!;
    const weightB = this.weights[b]!;
    const factor = (2 * weightA * weightB) / (weightA + weightB);
    const last = (a + 1) * this.#dim;
    let i = a * this.#dim;
    let j = b * this.#dim;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    while (i < last) {
      const end = Math.min(i + BLOCK, last);
      for (; i + 3 < end; i += 4, j += 4) {
        const d0 = centroids[i]! - centroids[j]!;
        const d1 = centroids[i + 1]! - centroids[j + 1]!;
        const d2 = centroids[i + 2]! - centroids[j + 2]!;
        const d3 = centroids[i + 3]! - centroids[j + 3]!;
        sum0 += d0 * d0;
        sum1 += d1 * d1;
        sum2 += d2 * d2;
        sum3 += d3 * d3;
      }
      for (; i < end; i++, j++) {
        const d = centroids[i]! - centroids[j]!;
        sum0 += d * d;
      }
      if (factor * (sum0 + sum1 + (sum2 + sum3)) > bound) break;
    }
    return factor * (sum0 + sum1 + (sum2 + sum3));
  }

  /**
   * Writes lower bounds on the distance of a cluster to that of each slot; Infinity for itself and for empty slots.
   * `ring` holds the leaves and the arrays. Returns the smallest bound.
   */
  boundDistances(slot: number, ring: RowRing, bounds: Float64Array): number {
    this.#compute(slot);
    const centroid = this.#space.centroids.subarray(slot * this.#dim, (slot + 1) * this.#dim);
    const weight = this.weights[slot]!;
    // Excludes the cluster itself from the search.
    this.weights[slot] = 0;
    const least = ring.boundDistances(centroid, weight, this.#merges, bounds);
    this.weights[slot] = weight;
    return least;
  }

  /** Merges both clusters, at distance `d`, into `kept`. */
  join(kept: number, gone: number, d: number): void {
    const slots = this.#arrays;
    const { weights, spreads } = slots;
    const { pending, latest, following } = this.#space;
    const merge = this.#merges++;
    slots.kept[merge] = kept;
    slots.gone[merge] = gone;
    following[merge] = -1;
    if (pending[kept] === -1) pending[kept] = merge;
    else following[latest[kept]!] = merge;
    latest[kept] = merge;
    weights[kept]! += weights[gone]!;
    weights[gone] = 0;
    spreads[kept]! += spreads[gone]! + d / 2;
  }

  /** Updates the centroid of a slot to its last merge. */
  #compute(slot: number): void {
    const { computed, pending, following } = this.#space;
    const { gone } = this.#arrays;
    if (computed[slot] === 0) {
      this.#space.centroids.set(this.#leaves.vectors[slot]!, slot * this.#dim);
      computed[slot] = this.#leaves.weights[slot]!;
    }
    for (let merge = pending[slot]!; merge !== -1; merge = following[merge]!) {
      this.#compute(gone[merge]!);
      this.#average(slot, gone[merge]!);
    }
    pending[slot] = -1;
  }

  #average(kept: number, gone: number): void {
    const { centroids, computed } = this.#space;
    const weightKept = computed[kept]!;
    const weightGone = computed[gone]!;
    const weight = weightKept + weightGone;
    const last = (kept + 1) * this.#dim;
    for (let i = last - this.#dim, j = gone * this.#dim; i < last; i++, j++) {
      centroids[i] = (weightKept * centroids[i]! + weightGone * centroids[j]!) / weight;
    }
    computed[kept] = weight;
  }
}
