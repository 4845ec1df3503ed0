import type { Vector } from '../vectors.ts';
import { cut } from './dendrogram.ts';
import {
  type EvidenceOptions,
  gatherEvidence,
  type ItemEvidence,
  importanceOf,
  likedItems,
} from './evidence.ts';
import { medoid } from './medoid.ts';
import type { WeightedPoints } from './points.ts';
import { type WardWorkspace, ward } from './ward.ts';
import type { ActionWindow } from './window.ts';

export interface InterestOptions extends EvidenceOptions {
  /** Cut height of the dendrogram, in the units of `ward`; it belongs to one generation of vectors. */
  readonly alpha: number;
  /** Stream time in ms, to which importance decays. */
  readonly now: number;
}

/** One cluster of a user's window, represented by its medoid. */
export interface Interest {
  /** The medoid. */
  readonly itemId: string;
  /** Decayed sum of the weights of the actions on its items, above 0. */
  readonly importance: number;
  /** Number of actions of positive weight on its items. */
  readonly size: number;
  /** Time of the latest of those, ms. */
  readonly lastOccurredAt: number;
  /** The items of the cluster, ascending. */
  readonly members: readonly string[];
}

/** The interests that a window shows. */
export interface WindowInterests {
  /** By importance, the highest first; ties by item id. */
  readonly medoids: readonly Interest[];
  /** Number of liked items that were left out because they have no vector. */
  readonly unknownItems: number;
}

/**
 * The interests of a window: Ward clusters of the liked items, each with medoid and importance (PinnerSage, KDD 2020,
 * Algorithm 2). An item is one point with its number of positive actions as weight. Dislike lowers the importance of
 * the cluster of its item, and a cluster that falls to 0 is dropped; an item with nothing but dislike is no point.
 * The result is a function of the window's contents alone. `vectorOf` must use one generation; vectors of different
 * lengths, or not finite, throw RangeError.
 */
export function clusterWindow(
  window: ActionWindow,
  vectorOf: (itemId: string) => Vector | undefined,
  options: InterestOptions,
  workspace?: WardWorkspace,
): WindowInterests {
  const liked = likedItems(gatherEvidence(window, options));
  const items: ItemEvidence[] = [];
  const vectors: Vector[] = [];
  for (const item of liked) {
    const vector = vectorOf(item.itemId);
    if (vector === undefined) continue;
    items.push(item);
    vectors.push(vector);
  }
  const unknownItems = liked.length - items.length;
  if (items.length === 0) return { medoids: [], unknownItems };

  const points = stack(vectors, items);
  const medoids = membersByLabel(cut(ward(points, workspace), options.alpha))
    .map((members) => {
      const evidence = members.map((member) => items[member]!);
      return summarise(items[medoid(points, members)]!.itemId, evidence, options);
    })
    .filter((interest) => interest.importance > 0)
    .sort(compareInterests);
  return { medoids, unknownItems };
}

/** The order of interests: by importance, the highest first; ties by item id. */
export function compareInterests(a: Interest, b: Interest): number {
  return b.importance - a.importance || (a.itemId < b.itemId ? -1 : 1);
}

/** Returns the interest of a cluster, given its medoid and the evidence of its members, ascending by item id. */
function summarise(
  medoidId: string,
  members: readonly ItemEvidence[],
  { now, lambdaPerDay }: InterestOptions,
): Interest {
  return {
    itemId: medoidId,
    importance: members.reduce((sum, item) => sum + importanceOf(item, now, lambdaPerDay), 0),
    size: members.reduce((sum, item) => sum + item.size, 0),
    lastOccurredAt: members.reduce((latest, item) => Math.max(latest, item.lastOccurredAt), 0),
    members: members.map(({ itemId }) => itemId),
  };
}

/** The members of each label, ascending. */
function membersByLabel(labels: Int32Array): number[][] {
  const clusters: number[][] = [];
  for (const [i, label] of labels.entries()) {
    clusters[label] ??= [];
    clusters[label].push(i);
  }
  return clusters;
}

function stack(vectors: readonly Vector[], items: readonly ItemEvidence[]): WeightedPoints {
  const dim = vectors[0]!.length;
  const points = new Float32Array(vectors.length * dim);
  vectors.forEach((vector, i) => {
    if (vector.length !== dim) {
      throw new RangeError(
        `The vector of ${items[i]!.itemId} has ${vector.length} numbers, others have ${dim}`,
      );
    }
    points.set(vector, i * dim);
  });
  return { points, weights: items.map(({ size }) => size), dim };
}
