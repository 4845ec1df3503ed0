import type { Vector } from '../vectors.ts';

/** Points to cluster: vectors of one dimension, finite, and how often each occurs, at least once. */
export interface ForestLeaves {
  readonly vectors: readonly Vector[];
  readonly weights: readonly number[];
}

/** Buffers that a caller keeps between runs; they grow to the largest n and n·dim seen. */
export class CentroidSpace {
  centroids = new Float64Array(0);
  weights = new Float64Array(0);
}

/** Coordinates between two looks at whether a distance can still matter. */
const BLOCK = 16;

/**
 * Clusters by centroid and weight. A cluster is named by its first leaf, its slot; a union lives on in the smaller slot.
 * Its numbers follow from its leaves and the merges that made it, so that equal clusters are equal to the last bit.
 */
export class CentroidClusters {
  readonly weights: Float64Array;
  readonly #centroids: Float64Array;
  readonly #dim: number;

  constructor({ vectors, weights }: ForestLeaves, space: CentroidSpace) {
    this.#dim = vectors[0]?.length ?? 0;
    const length = vectors.length * this.#dim;
    if (space.centroids.length < length) space.centroids = new Float64Array(length);
    if (space.weights.length < vectors.length) space.weights = new Float64Array(vectors.length);
    this.#centroids = space.centroids;
    this.weights = space.weights;
    for (let i = 0; i < vectors.length; i++) {
      this.#centroids.set(vectors[i]!, i * this.#dim);
      this.weights[i] = weights[i]!;
    }
  }

  /** 2ab/(a+b)·‖c_A − c_B‖², or some smaller number that is still above `bound`. */
  distance(a: number, b: number, bound: number): number {
    const centroids = this.#centroids;
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

  /** `kept` becomes the union of both. */
  join(kept: number, gone: number): void {
    const centroids = this.#centroids;
    const weightKept = this.weights[kept]!;
    const weightGone = this.weights[gone]!;
    const weight = weightKept + weightGone;
    const last = (kept + 1) * this.#dim;
    for (let i = last - this.#dim, j = gone * this.#dim; i < last; i++, j++) {
      centroids[i] = (weightKept * centroids[i]! + weightGone * centroids[j]!) / weight;
    }
    this.weights[kept] = weight;
  }
}
