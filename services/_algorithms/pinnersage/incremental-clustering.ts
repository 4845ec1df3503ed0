import type { ForestLeaves } from './incremental-centroids.ts';
import { forestLabels, type MergeForest } from './incremental-forest.ts';
import { medoid } from './medoid.ts';

/** The clustering of a user's liked items; a function of the items, how often each was liked, their vectors and α. */
export interface Clustering {
  /** Ascending; item i is leaf i of the forest. */
  readonly itemIds: readonly string[];
  readonly forest: MergeForest;
  /**
   * Positions, among all liked items in their order, of those that are no leaf because they have no vector;
   * ascending.
   */
  readonly unknownPlaces: readonly number[];
  /** The cluster of each leaf, as in `forestLabels`. */
  readonly labels: Int32Array;
  /** The leaf that represents each cluster. */
  readonly medoids: Int32Array;
}

/** The previous clustering. `leafOf` as in `LeafChange`. */
export interface ClusteringChange {
  readonly clustering: Clustering;
  readonly leafOf: Int32Array;
}

/** Finds the clusters of a forest and their medoids. An unchanged cluster keeps its medoid. */
export function clusterLeaves(
  given: Pick<Clustering, 'itemIds' | 'forest' | 'unknownPlaces'>,
  before?: ClusteringChange,
): Clustering {
  const { forest } = given;
  const labels = forestLabels(forest);
  const labelBefore = keptLabels(labels, before);
  const medoids = new Int32Array(labelBefore.length);
  const changed = membersOfChanged(labels, labelBefore);
  for (let label = 0; label < labelBefore.length; label++) {
    const old = labelBefore[label]!;
    if (before !== undefined && old >= 0) {
      medoids[label] = before.leafOf[before.clustering.medoids[old]!]!;
    } else {
      medoids[label] = medoidOf(forest.leaves, changed.get(label)!);
    }
  }
  return { ...given, labels, medoids };
}

/** For each label, the previous label with exactly the same leaves, or −1. */
function keptLabels(labels: Int32Array, before: ClusteringChange | undefined): Int32Array {
  let count = 0;
  for (let leaf = 0; leaf < labels.length; leaf++) count = Math.max(count, labels[leaf]! + 1);
  const kept = new Int32Array(count).fill(-1);
  if (before === undefined) return kept;
  const { clustering, leafOf } = before;
  const found = new Int32Array(count);
  const sizes = new Int32Array(count);
  const sizesBefore = new Int32Array(clustering.medoids.length);
  for (let leaf = 0; leaf < labels.length; leaf++) sizes[labels[leaf]!]!++;
  for (let leaf = 0; leaf < leafOf.length; leaf++) sizesBefore[clustering.labels[leaf]!]!++;
  for (let leaf = 0; leaf < leafOf.length; leaf++) {
    const now = leafOf[leaf]!;
    if (now < 0) continue;
    const label = labels[now]!;
    const old = clustering.labels[leaf]!;
    if (found[label] === 0) kept[label] = old;
    if (kept[label] === old) found[label]!++;
  }
  for (let label = 0; label < count; label++) {
    const same = found[label] === sizes[label] && sizesBefore[kept[label]!] === sizes[label];
    if (!same) kept[label] = -1;
  }
  return kept;
}

/** The leaves of each label that has no previous label, ascending. */
function membersOfChanged(labels: Int32Array, labelBefore: Int32Array): Map<number, number[]> {
  const changed = new Map<number, number[]>();
  for (let leaf = 0; leaf < labels.length; leaf++) {
    const label = labels[leaf]!;
    if (labelBefore[label]! >= 0) continue;
    const leaves = changed.get(label);
    if (leaves === undefined) changed.set(label, [leaf]);
    else leaves.push(leaf);
  }
  return changed;
}

/** The vectors of a cluster, one after the other; kept between calls. */
let points = new Float64Array(0);

/** The leaf among `members` that is their medoid. */
function medoidOf({ vectors, weights }: ForestLeaves, members: readonly number[]): number {
  const [first, second] = members as readonly [number, number?];
  // The vectors need not be copied where `medoid` does not read them.
  if (second === undefined) return first;
  if (members.length === 2 && weights[first] === weights[second]) return first;
  const dim = vectors[members[0]!]!.length;
  const size = members.length * dim;
  if (points.length < size) points = new Float64Array(2 * size);
  members.forEach((member, i) => {
    points.set(vectors[member]!, i * dim);
  });
  const own = { points, weights: members.map((member) => weights[member]!), dim };
  return members[medoid(own, [...members.keys()])]!;
}
