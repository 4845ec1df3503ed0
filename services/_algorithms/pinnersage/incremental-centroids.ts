import type { WeightedPoints } from './points.ts';

/** A buffer that a caller keeps between runs; it grows to the largest n·dim seen. */
export interface CentroidSpace {
  centroids: Float64Array;
}

export function createCentroidSpace(): CentroidSpace {
  return { centroids: new Float64Array(0) };
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

  constructor({ points, weights, dim }: WeightedPoints, space: CentroidSpace) {
    if (space.centroids.length < points.length) space.centroids = new Float64Array(points.length);
    space.centroids.set(points);
    this.#centroids = space.centroids;
    this.weights = Float64Array.from(weights);
    this.#dim = dim;
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
