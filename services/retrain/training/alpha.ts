import { cut } from '#algorithms/pinnersage/dendrogram.ts';
import { medoid } from '#algorithms/pinnersage/medoid.ts';
import { createWardWorkspace, ward } from '#algorithms/pinnersage/ward.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import { dot, row } from '#algorithms/vectors.ts';
import { drawOrder } from './batches.ts';

export interface AlphaRow {
  /** Height on unit vectors at which Ward's tree is cut. */
  readonly alpha: number;
  /** Share of later actions with cosine ≥ 0.8 to a medoid (PinnerSage, KDD 2020, §5.1), in [0, 1]. */
  readonly relevance: number;
  /** Mean cosine of later actions to their nearest medoid. */
  readonly meanCosine: number;
  /** Mean number of clusters per user. */
  readonly clusters: number;
}

export interface AlphaSweep {
  /** The largest α, with the fewest clusters, whose relevance is within one standard error of the best. */
  readonly alpha: number;
  readonly table: readonly AlphaRow[];
}

/** 0.8 to 2.2, in steps of 0.2. */
export const ALPHA_GRID: readonly number[] = [0.8, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.2];
/** α if there is no window to measure on: the one at which the incremental clustering agrees best with the full one. */
export const FALLBACK_ALPHA = 1.5;
const RELEVANT_COSINE = 0.8;
/** Share of each window that is clustered; the rest serves as later actions. */
const CLUSTERED_SHARE = 0.8;

/**
 * Chooses the α of PinnerSage's clustering for these embeddings. Small clusters have close medoids but only the
 * `medoids` largest of them are kept; large ones cover all of a user but their medoids are far from most.
 *
 * `embeddings` is n × dim with rows of length 1. A window holds a user's item indices in order of time; windows of
 * fewer than five are skipped. Importance is the number of actions, as with λ = 0.
 */
export function sweepAlpha(
  embeddings: Float32Array,
  dim: number,
  windows: readonly Int32Array[],
  { medoids = 10, grid = ALPHA_GRID }: { readonly medoids?: number; readonly grid?: readonly number[] } = {},
): AlphaSweep {
  const sums = grid.map(() => ({ relevant: 0, cosine: 0, clusters: 0 }));
  const workspace = createWardWorkspace();
  let users = 0;
  let later = 0;
  for (const window of windows) {
    const boundary = Math.floor(window.length * CLUSTERED_SHARE);
    if (boundary === window.length || window.length < 5) continue;
    const points = pointsOf(window.subarray(0, boundary), embeddings, dim);
    const tree = ward(points, workspace);
    users++;
    later += window.length - boundary;
    for (const [i, alpha] of grid.entries()) {
      const clusters = clustersOf(cut(tree, alpha), points.weights);
      sums[i]!.clusters += clusters.length;
      const kept = clusters
        .slice(0, medoids)
        .map(({ members }) => row(points.points, medoid(points, members), dim));
      for (const item of window.subarray(boundary)) {
        const nearest = kept.reduce(
          (best, vector) => Math.max(best, dot(vector, row(embeddings, item, dim))),
          -1,
        );
        sums[i]!.cosine += nearest;
        if (nearest >= RELEVANT_COSINE) sums[i]!.relevant++;
      }
    }
  }
  if (users === 0) return { alpha: FALLBACK_ALPHA, table: [] };
  const table = grid.map((alpha, i) => ({
    alpha,
    relevance: sums[i]!.relevant / later,
    meanCosine: sums[i]!.cosine / later,
    clusters: sums[i]!.clusters / users,
  }));
  return { alpha: largestWithinError(table, later), table };
}

/** Items of a sample of users, at most the `maximum` latest of each, in order of time. */
export function sampleWindows(
  actions: ActionColumns,
  users: number,
  maximum: number,
  random: Random,
): Int32Array[] {
  const { user, at, item } = actions;
  const order = Int32Array.from(user.keys()).sort((a, b) => user[a]! - user[b]! || at[a]! - at[b]! || a - b);
  const windows: Int32Array[] = [];
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && user[order[end]!] === user[order[start]!]) end++;
    windows.push(order.slice(Math.max(start, end - maximum), end).map((position) => item[position]!));
  }
  return Array.from(drawOrder(windows.length, users, random), (index) => windows[index]!);
}

function largestWithinError(table: readonly AlphaRow[], actions: number): number {
  const best = Math.max(...table.map(({ relevance }) => relevance));
  const standardError = Math.sqrt((best * (1 - best)) / actions);
  const good = table.filter(({ relevance }) => relevance >= best - standardError);
  return Math.max(...good.map(({ alpha }) => alpha));
}

/** A window's distinct items as points, with their number of occurrences as weight. */
function pointsOf(window: Int32Array, embeddings: Float32Array, dim: number) {
  const weightOf = new Map<number, number>();
  for (const item of window) weightOf.set(item, (weightOf.get(item) ?? 0) + 1);
  const points = new Float32Array(weightOf.size * dim);
  for (const [i, item] of [...weightOf.keys()].entries()) points.set(row(embeddings, item, dim), i * dim);
  return { points, weights: Float64Array.from(weightOf.values()), dim };
}

/** Clusters by weight, heaviest first, ties by label. */
function clustersOf(labels: Int32Array, weights: Float64Array): { weight: number; members: number[] }[] {
  const clusters: { weight: number; members: number[] }[] = [];
  for (const [point, label] of labels.entries()) {
    clusters[label] ??= { weight: 0, members: [] };
    clusters[label].weight += weights[point]!;
    clusters[label].members.push(point);
  }
  return clusters.sort((a, b) => b.weight - a.weight);
}
