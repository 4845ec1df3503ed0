import { CentroidClusters, type ForestLeaves } from './incremental-centroids.ts';
import { EMPTY_FOREST, type MergeForest } from './incremental-forest.ts';
import { ForestWorkspace } from './incremental-workspace.ts';

/** Maps the leaves that a forest shares with the previous one. */
export interface LeafChange {
  readonly leaves: ForestLeaves;
  /** For each leaf of the previous forest its number now, or −1; kept leaves keep their order. */
  readonly leafOf: Int32Array;
}

/** Builds the forest of these leaves from nothing: O(n²·dim). Weights are at least 1 and all numbers finite. */
export function buildForest(
  leaves: ForestLeaves,
  alpha: number,
  workspace = new ForestWorkspace(),
): MergeForest {
  return updateForest(EMPTY_FOREST, { leaves, leafOf: new Int32Array(0) }, alpha, workspace);
}

/**
 * The forest after leaves were added and removed (a leaf whose weight changed is removed and added): equal to
 * `buildForest` of the new leaves, to the last bit, at a cost proportional to the change.
 *
 * Ward always merges the nearest pair. The merges of the previous forest prove which pair was nearest among the old
 * clusters at each step. As long as both sides of the next such merge are still clusters (they are *settled*), no
 * other two settled clusters are nearer. Therefore only pairs with an *unsettled* cluster are searched: a new leaf, a
 * cluster that contains one, and a cluster that lost the cluster it had merged with. Two settled clusters merge
 * without a search.
 *
 * Every decision compares distances in the centroid form of PinnerSage's Ward (KDD 2020, Algorithm 1), a function of
 * the two clusters alone; float32 distances to the leaves and Lance–Williams only give lower bounds, which save
 * computing most distances. Ties go to the pair with the smaller first leaves. α is in the units of `ward`.
 */
export function updateForest(
  before: MergeForest,
  change: LeafChange,
  alpha: number,
  workspace = new ForestWorkspace(),
): MergeForest {
  return new GreedyRun(before, change, alpha, workspace).finish();
}

/**
 * Bounds and the distances that they bound are computed in different steps; both round within this, relatively and to
 * α².
 */
const SLACK = 1e-9;

/** A pair of clusters, by slot. */
interface Pair {
  a: number;
  b: number;
  d: number;
}

/**
 * One run of the greedy algorithm. An existing cluster is named by its first leaf, its slot, and a merge keeps the
 * smaller of two slots. A slot is settled while `oldNode` names the node of the previous forest with the same leaves.
 */
class GreedyRun {
  readonly #before: MergeForest;
  readonly #leaves: ForestLeaves;
  readonly #count: number;
  readonly #limit: number;
  readonly #slack: number;
  readonly #space: ForestWorkspace;
  readonly #clusters: CentroidClusters;
  /** Clusters that may still merge within α: a cluster without another within α never gets one. */
  readonly #unsettled: number[] = [];
  /** Lower bound on the distance of any unsettled cluster to any other. */
  #wake = Infinity;
  /** Number of merges of the previous forest that were repeated or skipped. */
  #oldMerges = 0;
  #merges = 0;

  constructor(before: MergeForest, { leaves, leafOf }: LeafChange, alpha: number, space: ForestWorkspace) {
    const count = leaves.vectors.length;
    space.reserve(count, leafOf.length + before.left.length);
    space.ring.place(leaves);
    this.#before = before;
    this.#leaves = leaves;
    this.#count = count;
    this.#limit = alpha * alpha;
    this.#slack = SLACK * Math.min(this.#limit, 1);
    this.#space = space;
    this.#clusters = new CentroidClusters(leaves, space, space.ring.arrays);
    for (let leaf = 0; leaf < count; leaf++) space.nodeOf[leaf] = leaf;
    space.oldNode.fill(-1, 0, count);
    space.slotOf.fill(-1, leafOf.length, leafOf.length + before.left.length);
    space.slotOf.set(leafOf);
    for (let old = 0; old < leafOf.length; old++) if (leafOf[old]! >= 0) space.oldNode[leafOf[old]!] = old;
    for (let leaf = 0; leaf < count; leaf++) if (space.oldNode[leaf] === -1) this.#unsettle(leaf);
  }

  finish(): MergeForest {
    for (;;) {
      this.#repeatMerges();
      const settled = this.#nextSettled();
      const other = this.#nearestUnsettled(settled);
      if (other !== undefined) this.#mergeUnsettled(other);
      else if (settled !== undefined) this.#mergeSettled(settled.a, settled.b, settled.d);
      else break;
    }
    return {
      leaves: this.#leaves,
      left: this.#space.left.slice(0, this.#merges),
      right: this.#space.right.slice(0, this.#merges),
      squaredHeight: this.#space.squaredHeight.slice(0, this.#merges),
    };
  }

  /** Repeats the old merges that precede every possible merge of an unsettled cluster. */
  #repeatMerges(): void {
    const { left, right, squaredHeight } = this.#before;
    const { slotOf } = this.#space;
    while (this.#oldMerges < left.length) {
      const a = slotOf[left[this.#oldMerges]!]!;
      const b = slotOf[right[this.#oldMerges]!]!;
      const d = squaredHeight[this.#oldMerges]!;
      if (a < 0 || b < 0 || d >= this.#wake) return;
      this.#mergeSettled(a, b, d);
    }
  }

  /**
   * The nearest pair of settled clusters. Old merges that lost a side are skipped; their other side becomes
   * unsettled.
   */
  #nextSettled(): Pair | undefined {
    const { left, right, squaredHeight } = this.#before;
    for (; this.#oldMerges < left.length; this.#oldMerges++) {
      const a = this.#space.slotOf[left[this.#oldMerges]!]!;
      const b = this.#space.slotOf[right[this.#oldMerges]!]!;
      if (a >= 0 && b >= 0) return { a, b, d: squaredHeight[this.#oldMerges]! };
      if (a >= 0) this.#unsettle(a);
      if (b >= 0) this.#unsettle(b);
    }
    return undefined;
  }

  /** The nearest pair with an unsettled cluster, if it precedes `settled` and lies within α. */
  #nearestUnsettled(settled: Pair | undefined): Pair | undefined {
    const { least, nearest } = this.#space;
    let best: Pair | undefined = settled;
    let bound = settled?.d ?? this.#limit;
    this.#wake = Infinity;
    for (let i = this.#unsettled.length - 1; i >= 0; i--) {
      const slot = this.#unsettled[i]!;
      if (least[slot]! <= bound && nearest[slot] === -1) this.#findNearest(slot);
      const d = least[slot]!;
      if (this.#staysAlone(d)) this.#unsettled.splice(i, 1);
      else this.#wake = Math.min(this.#wake, d);
      const other = nearest[slot]!;
      if (d > bound || other === -1) continue;
      if (best !== undefined && !comesBefore(d, slot, other, best.d, best.a, best.b)) continue;
      best = { a: slot, b: other, d };
      bound = d;
    }
    return best === settled ? undefined : best;
  }

  #staysAlone(least: number): boolean {
    return least * (1 - SLACK) > this.#limit;
  }

  /** Sets `least` and `nearest` of a slot; without a cluster within α, `least` is only known to be above it. */
  #findNearest(slot: number): void {
    const { bounds, oldNode } = this.#space;
    const row = slot * this.#count;
    const likeliest = this.#leastBounded(slot);
    let nearest = -1;
    let bound = this.#limit;
    // The most likely cluster is measured first, since its distance saves measuring most others.
    for (let i = -1; i < this.#count; i++) {
      const other = i < 0 ? likeliest : i;
      if (bounds[row + other]! > bound || bounds[row + other] === Infinity || other === nearest) continue;
      const d = this.#clusters.distance(slot, other, bound);
      bounds[row + other] = d;
      if (oldNode[other] === -1) bounds[other * this.#count + slot] = d;
      if (d > bound || (nearest >= 0 && !comesBefore(d, slot, other, bound, slot, nearest))) continue;
      nearest = other;
      bound = d;
    }
    this.#space.nearest[slot] = nearest;
    this.#space.least[slot] = nearest >= 0 ? bound : bounds[row + this.#leastBounded(slot)]!;
  }

  /** The slot with the smallest bound. */
  #leastBounded(slot: number): number {
    const { bounds } = this.#space;
    const row = slot * this.#count;
    let least = 0;
    for (let other = 1; other < this.#count; other++) {
      if (bounds[row + other]! < bounds[row + least]!) least = other;
    }
    return least;
  }

  /** Makes a cluster unsettled: from now on it searches for its nearest. */
  #unsettle(slot: number): void {
    this.#release(slot);
    const row = slot * this.#count;
    const bounds = this.#space.bounds.subarray(row, row + this.#count);
    const least = this.#clusters.boundDistances(slot, this.#space.ring, bounds);
    if (this.#staysAlone(least)) return;
    this.#space.least[slot] = least;
    this.#space.nearest[slot] = -1;
    this.#wake = Math.min(this.#wake, least);
    this.#unsettled.push(slot);
  }

  /** The cluster in this slot is no longer one of the previous forest. */
  #release(slot: number): void {
    const old = this.#space.oldNode[slot]!;
    if (old >= 0) this.#space.slotOf[old] = -1;
    this.#space.oldNode[slot] = -1;
  }

  #mergeSettled(a: number, b: number, d: number): void {
    const kept = Math.min(a, b);
    this.#release(a);
    this.#release(b);
    this.#join(kept, Math.max(a, b), d);
    const union = this.#before.leaves.weights.length + this.#oldMerges++;
    this.#space.oldNode[kept] = union;
    this.#space.slotOf[union] = kept;
  }

  #mergeUnsettled({ a, b, d }: Pair): void {
    const kept = Math.min(a, b);
    for (const slot of [a, b]) {
      const place = this.#unsettled.indexOf(slot);
      if (place >= 0) this.#unsettled.splice(place, 1);
      else this.#release(slot);
    }
    this.#join(kept, Math.max(a, b), d);
    this.#unsettle(kept);
  }

  #join(kept: number, gone: number, d: number): void {
    for (let i = 0; i < this.#unsettled.length; i++) this.#bound(this.#unsettled[i]!, kept, gone, d);
    this.#clusters.join(kept, gone, d);
    const { left, right, squaredHeight, nodeOf } = this.#space;
    left[this.#merges] = nodeOf[kept]!;
    right[this.#merges] = nodeOf[gone]!;
    squaredHeight[this.#merges] = d;
    nodeOf[kept] = this.#count + this.#merges++;
  }

  /**
   * Updates an unsettled cluster's bound after two other clusters at distance `d` merged. Lance–Williams increases
   * with both distances, so bounds on these give a bound on the result.
   */
  #bound(slot: number, kept: number, gone: number, d: number): void {
    const { bounds, least, nearest } = this.#space;
    const { weights } = this.#clusters;
    const row = slot * this.#count;
    const weight = weights[slot]!;
    const weightKept = weights[kept]!;
    const weightGone = weights[gone]!;
    const sum =
      (weightKept + weight) * bounds[row + kept]! + (weightGone + weight) * bounds[row + gone]! - weight * d;
    const bound = Math.max(0, (sum / (weightKept + weightGone + weight)) * (1 - SLACK) - this.#slack);
    bounds[row + kept] = bound;
    bounds[row + gone] = Infinity;
    if (nearest[slot] === kept || nearest[slot] === gone || bound <= least[slot]!) nearest[slot] = -1;
    if (bound < least[slot]!) least[slot] = bound;
    if (bound < this.#wake) this.#wake = bound;
  }
}

/** The order in which pairs merge: by distance, then by the smaller first leaf, then by the larger. */
function comesBefore(d: number, a: number, b: number, d2: number, a2: number, b2: number): boolean {
  if (d !== d2) return d < d2;
  const low = Math.min(a, b);
  const low2 = Math.min(a2, b2);
  return low === low2 ? Math.max(a, b) < Math.max(a2, b2) : low < low2;
}
