import { isFiniteVector, type Vector } from '../vectors.ts';
import { updateForest } from './incremental.ts';
import type { ForestLeaves } from './incremental-centroids.ts';
import { EMPTY_FOREST, forestLabels, type MergeForest } from './incremental-forest.ts';
import type { ForestWorkspace } from './incremental-workspace.ts';
import {
  compareInterests,
  gatherEvidence,
  type InterestOptions,
  type ItemEvidence,
  membersByLabel,
  summarise,
  type UserInterests,
} from './interests.ts';
import { medoid } from './medoid.ts';
import type { ActionWindow } from './window.ts';

/** How a user's liked items are clustered; a function of the items, how often each was liked, their vectors and α. */
export interface Clustering {
  /** Ascending; item i is leaf i of the forest. */
  readonly itemIds: readonly string[];
  readonly forest: MergeForest;
  /** The cluster of each leaf, as `forestLabels`. */
  readonly labels: Int32Array;
  /** The leaf that represents each cluster. */
  readonly medoids: Int32Array;
  /** Among all liked items in their order, the places of those that are no leaf for want of a vector; ascending. */
  readonly unknownPlaces: readonly number[];
}

/** A window read against the clustering before. */
export interface WindowReading {
  /** What the window says about each of its items. */
  readonly evidence: ReadonlyMap<string, ItemEvidence>;
  /** Items liked now and in the clustering before, with their leaf there; ascending by item id. */
  readonly kept: ReadonlyArray<{ readonly item: ItemEvidence; readonly leaf: number }>;
  /** Other liked items, ascending by id: only their vectors are needed. */
  readonly added: readonly ItemEvidence[];
}

/** Finds what came and went since the clustering before, if there is one in the same generation of vectors. */
export function readWindow(
  window: ActionWindow,
  before: Clustering | undefined,
  options: Omit<InterestOptions, 'alpha'>,
): WindowReading {
  const evidence = gatherEvidence(window, options);
  const known = new Set<ItemEvidence>();
  const kept: { item: ItemEvidence; leaf: number }[] = [];
  before?.itemIds.forEach((itemId, leaf) => {
    const item = evidence.get(itemId);
    if (item === undefined || item.size === 0) return;
    kept.push({ item, leaf });
    known.add(item);
  });
  const added = [...evidence.values()].filter((item) => item.size > 0 && !known.has(item));
  return { evidence, kept, added: added.sort((a, b) => (a.itemId < b.itemId ? -1 : 1)) };
}

/**
 * What `clusterWindow` finds, and the clustering to go on from, at the price of what came and went since `before`.
 * It does not matter which clustering that was, as long as it was made with the same vectors and α.
 * Throws RangeError for vectors that are not finite or of different lengths.
 */
export function recluster(
  reading: WindowReading,
  before: Clustering | undefined,
  vectorOf: (itemId: string) => Vector | undefined,
  alpha: number,
  workspace: ForestWorkspace,
): UserInterests & { readonly clustering: Clustering | undefined } {
  const { leaves, unknownPlaces } = chooseLeaves(reading, vectorOf);
  const unknownItems = unknownPlaces.length;
  if (leaves.length === 0) return { medoids: [], unknownItems, clustering: undefined };
  const old = before?.forest ?? EMPTY_FOREST;
  const leafOf = new Int32Array(old.leaves.weights.length).fill(-1);
  leaves.forEach(({ item, leaf }, now) => {
    // An item that is liked more or less often than before is another point.
    if (leaf >= 0 && old.leaves.weights[leaf] === item.size) leafOf[leaf] = now;
  });
  const forest = updateForest(old, { leaves: gather(leaves, old.leaves), leafOf }, alpha, workspace);
  const labels = forestLabels(forest);
  const clusters = membersByLabel(labels);
  const medoids = findMedoids(clusters, forest.leaves, before, leafOf);
  const itemIds = leaves.map(({ item }) => item.itemId);
  const clustering = { itemIds, forest, labels, medoids, unknownPlaces };
  const interests = clusters.map((members, label) =>
    summarise(
      itemIds[medoids[label]!]!,
      members.map((member) => leaves[member]!.item),
    ),
  );
  return {
    medoids: interests.filter(({ importance }) => importance > 0).sort(compareInterests),
    unknownItems,
    clustering,
  };
}

/** A liked item whose vector is known: in the forest before, or given. */
type Leaf =
  | { readonly item: ItemEvidence; readonly leaf: number; readonly vector?: undefined }
  | { readonly item: ItemEvidence; readonly leaf: -1; readonly vector: Vector };

/** Merges what stayed and what came, ascending by item id. */
function chooseLeaves(
  { kept, added }: WindowReading,
  vectorOf: (itemId: string) => Vector | undefined,
): { leaves: Leaf[]; unknownPlaces: number[] } {
  const leaves: Leaf[] = [];
  const unknownPlaces: number[] = [];
  let next = 0;
  for (const item of added) {
    while (next < kept.length && kept[next]!.item.itemId < item.itemId) leaves.push(kept[next++]!);
    const vector = vectorOf(item.itemId);
    if (vector === undefined) unknownPlaces.push(leaves.length + unknownPlaces.length);
    else leaves.push({ item, leaf: -1, vector });
  }
  while (next < kept.length) leaves.push(kept[next++]!);
  return { leaves, unknownPlaces };
}

function gather(leaves: readonly Leaf[], old: ForestLeaves): ForestLeaves {
  const vectors = leaves.map(({ leaf, vector }) => vector ?? old.vectors[leaf]!);
  const dim = vectors[0]!.length;
  for (const { item, vector } of leaves) {
    if (vector === undefined) continue;
    if (vector.length !== dim) {
      throw new RangeError(`The vector of ${item.itemId} has ${vector.length} numbers, others have ${dim}`);
    }
    if (!isFiniteVector(vector)) throw new RangeError(`The vector of ${item.itemId} is not finite`);
  }
  return { vectors, weights: leaves.map(({ item }) => item.size) };
}

/** A cluster that is as it was has the medoid that it had. */
function findMedoids(
  clusters: readonly number[][],
  leaves: ForestLeaves,
  before: Clustering | undefined,
  leafOf: Int32Array,
): Int32Array {
  const labelBefore = new Int32Array(leaves.weights.length).fill(-1);
  const sizeBefore = new Int32Array(before?.medoids.length ?? 0);
  before?.labels.forEach((label, leaf) => {
    sizeBefore[label]!++;
    if (leafOf[leaf]! >= 0) labelBefore[leafOf[leaf]!] = label;
  });
  return Int32Array.from(clusters, (members) => {
    const label = labelBefore[members[0]!]!;
    const same =
      label >= 0 &&
      sizeBefore[label] === members.length &&
      members.every((member) => labelBefore[member] === label);
    return same ? leafOf[before!.medoids[label]!]! : medoidOf(leaves, members);
  });
}

/** The leaf among `members` that is their medoid. */
export function medoidOf({ vectors, weights }: ForestLeaves, members: readonly number[]): number {
  if (members.length === 1) return members[0]!;
  const dim = vectors[members[0]!]!.length;
  const points = new Float64Array(members.length * dim);
  members.forEach((member, i) => {
    points.set(vectors[member]!, i * dim);
  });
  const own = { points, weights: members.map((member) => weights[member]!), dim };
  return members[medoid(own, [...members.keys()])]!;
}
