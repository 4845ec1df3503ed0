import { isFiniteVector, type Vector } from '../vectors.ts';
import {
  type EvidenceOptions,
  gatherEvidence,
  type ItemEvidence,
  likedItems,
  type WindowEvidence,
} from './evidence.ts';
import { decayedWeight } from './importance.ts';
import { updateForest } from './incremental.ts';
import type { ForestLeaves } from './incremental-centroids.ts';
import { type Clustering, clusterLeaves } from './incremental-clustering.ts';
import { EMPTY_FOREST } from './incremental-forest.ts';
import type { ForestWorkspace } from './incremental-workspace.ts';
import { compareInterests, type Interest, type InterestOptions, type WindowInterests } from './interests.ts';
import { leafDigestOf } from './leaf-digest.ts';
import type { ActionWindow } from './window.ts';

/** A window compared with the previous clustering. */
export interface WindowReading {
  readonly evidence: WindowEvidence;
  /** Ascending by id. */
  readonly liked: readonly ItemEvidence[];
  /** For each liked item its leaf in the previous clustering, or −1. */
  readonly leafBefore: Int32Array;
  /** The liked items that were no leaf: only their vectors are needed. */
  readonly added: readonly ItemEvidence[];
}

/** Previous state; either part may be missing or of another window, which only costs more work. */
export interface KnownBefore {
  readonly evidence?: WindowEvidence | undefined;
  /** Of the same generation of vectors. */
  readonly clustering?: Clustering | undefined;
}

/** Finds the items that were added and removed since the window was last read and clustered. */
export function readWindow(
  window: ActionWindow,
  { evidence: known, clustering }: KnownBefore,
  options: EvidenceOptions,
): WindowReading {
  const evidence = gatherEvidence(window, options, known);
  const liked = likedItems(evidence);
  const itemIds = clustering?.itemIds ?? [];
  const leafBefore = new Int32Array(liked.length);
  const added: ItemEvidence[] = [];
  let leaf = 0;
  for (let place = 0; place < liked.length; place++) {
    const { itemId } = liked[place]!;
    while (leaf < itemIds.length && itemIds[leaf] !== itemId && itemIds[leaf]! < itemId) leaf++;
    const found = itemIds[leaf] === itemId;
    leafBefore[place] = found ? leaf++ : -1;
    if (!found) added.push(liked[place]!);
  }
  return { evidence, liked, leafBefore, added };
}

/**
 * Clusters a window, and returns its interests and the clustering to resume from, at a cost proportional to the
 * changes since `before`. `before` may be any clustering made with the same vectors and α. Throws RangeError for
 * vectors that are not finite or have different lengths.
 */
export function recluster(
  reading: WindowReading,
  before: Clustering | undefined,
  vectorOf: (itemId: string) => Vector | undefined,
  { alpha, now }: Pick<InterestOptions, 'alpha' | 'now'>,
  workspace: ForestWorkspace,
): WindowInterests & { readonly clustering: Clustering | undefined } {
  const { items, leaves, leafOf, unknownPlaces } = chooseLeaves(reading, before, vectorOf);
  const unknownItems = unknownPlaces.length;
  if (items.length === 0) return { medoids: [], unknownItems, clustering: undefined };
  const forest = updateForest(before?.forest ?? EMPTY_FOREST, { leaves, leafOf }, alpha, workspace);
  const itemIds = items.map(({ itemId }) => itemId);
  const clustering = clusterLeaves(
    { itemIds, forest, unknownPlaces },
    before && { clustering: before, leafOf },
  );
  const medoids = interestsOf(clustering, items, now, reading.evidence.options);
  return { medoids, unknownItems, clustering };
}

interface ChosenLeaves {
  /** By leaf. */
  readonly items: readonly ItemEvidence[];
  readonly leaves: ForestLeaves;
  /** By previous leaf: its number now, or −1 if it was removed or became another point. */
  readonly leafOf: Int32Array;
  readonly unknownPlaces: readonly number[];
}

function chooseLeaves(
  { liked, leafBefore }: WindowReading,
  before: Clustering | undefined,
  vectorOf: (itemId: string) => Vector | undefined,
): ChosenLeaves {
  const old = (before?.forest ?? EMPTY_FOREST).leaves;
  const leafOf = new Int32Array(old.weights.length).fill(-1);
  const items: ItemEvidence[] = [];
  const vectors: Vector[] = [];
  const weights: number[] = [];
  const digests: number[] = [];
  const unknownPlaces: number[] = [];
  for (let place = 0; place < liked.length; place++) {
    const item = liked[place]!;
    const leaf = leafBefore[place]!;
    const vector = leaf >= 0 ? old.vectors[leaf]! : vectorOf(item.itemId);
    if (vector === undefined) {
      unknownPlaces.push(place);
      continue;
    }
    if (leaf < 0) checkVector(item.itemId, vector, (vectors[0] ?? old.vectors[0] ?? vector).length);
    // An item that is liked more or less often than before is another point.
    if (leaf >= 0 && old.weights[leaf] === item.size) leafOf[leaf] = items.length;
    items.push(item);
    vectors.push(vector);
    weights.push(item.size);
    digests.push((leaf >= 0 ? old.digests?.[leaf] : undefined) ?? leafDigestOf(vector));
  }
  return { items, leaves: { vectors, weights, digests }, leafOf, unknownPlaces };
}

function checkVector(itemId: string, vector: Vector, dim: number): void {
  if (vector.length !== dim) {
    throw new RangeError(`The vector of ${itemId} has ${vector.length} numbers, others have ${dim}`);
  }
  if (!isFiniteVector(vector)) throw new RangeError(`The vector of ${itemId} is not finite`);
}

/** The interest of each cluster, except those whose importance fell to 0. `items` by leaf. */
function interestsOf(
  { itemIds, labels, medoids }: Clustering,
  items: readonly ItemEvidence[],
  now: number,
  { lambdaPerDay }: EvidenceOptions,
): Interest[] {
  const count = medoids.length;
  const importances = new Float64Array(count);
  const sizes = new Int32Array(count);
  const latest = new Float64Array(count);
  const members = Array.from(medoids, (): string[] => []);
  for (let leaf = 0; leaf < items.length; leaf++) {
    const { weight, newestAt, size, lastOccurredAt } = items[leaf]!;
    const label = labels[leaf]!;
    importances[label]! += decayedWeight(weight, newestAt, now, lambdaPerDay);
    sizes[label]! += size;
    members[label]!.push(itemIds[leaf]!);
    if (lastOccurredAt > latest[label]!) latest[label] = lastOccurredAt;
  }
  const interests: Interest[] = [];
  for (let label = 0; label < count; label++) {
    if (!(importances[label]! > 0)) continue;
    interests.push({
      itemId: itemIds[medoids[label]!]!,
      importance: importances[label]!,
      size: sizes[label]!,
      lastOccurredAt: latest[label]!,
      members: members[label]!,
    });
  }
  return interests.sort(compareInterests);
}
