import { cut, type Dendrogram } from '#algorithms/pinnersage/dendrogram.ts';
import type { WeightedPoints } from '#algorithms/pinnersage/points.ts';
import { createWardWorkspace, type WardWorkspace, ward } from '#algorithms/pinnersage/ward.ts';
import { createKernel } from '#algorithms/pinnersage/ward-kernel.ts';
import type { Random } from '#algorithms/random.ts';
import { squaredDistance } from '#algorithms/vectors.ts';

/**
 * Complete linkage, cut to `clusters` clusters (further merges at the height of the last one are applied too): the
 * nearest-neighbour chain of Ward with d(i∪j,k) = max(d_ik, d_jk), which is reducible too. Weights are ignored.
 */
export function completeLinkage(
  { points, dim }: Omit<WeightedPoints, 'weights'>,
  clusters: number,
  workspace: WardWorkspace,
): Int32Array {
  const tree = ward({ points, weights: Array(points.length / dim).fill(1), dim }, workspace);
  return cut(tree, heightOfClusters(tree, clusters));
}

/** The workspace of `completeLinkage`. */
export function createCompleteLinkageWorkspace(): WardWorkspace {
  const kernel = createKernel();
  let block = kernel.reserve(0);
  return createWardWorkspace({
    ...kernel,
    reserve(length) {
      block = kernel.reserve(length);
      return block;
    },
    updateRow(keptRow, goneRow, _weights, rows) {
      for (let k = 0; k < rows; k++) {
        block[keptRow + k] = Math.max(block[keptRow + k]!, block[goneRow + k]!);
      }
    },
  });
}

/** The height at which a tree splits into `clusters`: that of the last applied merge, or below all. */
function heightOfClusters({ leaves, height }: Dendrogram, clusters: number): number {
  return height[leaves - clusters - 1] ?? -1;
}

const ITERATIONS = 25;

/** Weighted k-means: k-means++ initialisation (Arthur and Vassilvitskii 2007), then Lloyd's steps until convergence. */
export function kMeans({ points, weights, dim }: WeightedPoints, k: number, random: Random): Int32Array {
  const count = points.length / dim;
  const point = (i: number) => points.subarray(i * dim, (i + 1) * dim);
  const centres = seeds({ points, weights, dim }, Math.min(k, count), random);
  const labels = new Int32Array(count).fill(-1);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let moved = false;
    for (let i = 0; i < count; i++) {
      const distances = centres.map((centre) => squaredDistance(point(i), centre));
      const nearest = distances.indexOf(Math.min(...distances));
      moved ||= nearest !== labels[i];
      labels[i] = nearest;
    }
    if (!moved) break;
    for (const [label, centre] of centres.entries()) recentre(centre, label);
  }
  return labels;

  /** A cluster that lost all its points keeps its centre. */
  function recentre(centre: Float64Array, label: number): void {
    let total = 0;
    const sum = new Float64Array(dim);
    for (let i = 0; i < count; i++) {
      if (labels[i] !== label) continue;
      total += weights[i]!;
      for (let d = 0; d < dim; d++) sum[d]! += weights[i]! * points[i * dim + d]!;
    }
    if (total > 0) for (let d = 0; d < dim; d++) centre[d] = sum[d]! / total;
  }
}

/** Fewer than k if fewer points are distinct. */
function seeds({ points, weights, dim }: WeightedPoints, k: number, random: Random): Float64Array[] {
  const count = points.length / dim;
  const point = (i: number) => Float64Array.from(points.subarray(i * dim, (i + 1) * dim));
  const costs = Float64Array.from({ length: count }, (_, i) => weights[i]!);
  const centres: Float64Array[] = [];
  while (centres.length < k) {
    const chosen = drawIndex(costs, random);
    if (chosen === undefined) break;
    const centre = point(chosen);
    centres.push(centre);
    for (let i = 0; i < count; i++) {
      const cost = weights[i]! * squaredDistance(point(i), centre);
      costs[i] = centres.length === 1 ? cost : Math.min(costs[i]!, cost);
    }
  }
  return centres;
}

/** An index drawn in proportion to its cost; undefined if all costs are 0. */
function drawIndex(costs: Float64Array, random: Random): number | undefined {
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  if (total === 0) return undefined;
  let left = random.next() * total;
  for (let i = 0; i < costs.length; i++) {
    left -= costs[i]!;
    if (left < 0) return i;
  }
  return costs.findLastIndex((cost) => cost > 0);
}
