import { CentroidClusters, type ForestLeaves } from './incremental-centroids.ts';
import { EMPTY_FOREST, type MergeForest } from './incremental-forest.ts';
import { ForestWorkspace } from './incremental-workspace.ts';

/** Which leaves another forest shares with the one before. */
export interface LeafChange {
  readonly leaves: ForestLeaves;
  /** For each leaf of the forest before, its number now, or −1; the order of those that stay is the same. */
  readonly leafOf: Int32Array;
}

/** The forest of these leaves, from nothing: O(n²·dim). Weights are at least 1 and all numbers finite. */
export function buildForest(
  leaves: ForestLeaves,
  alpha: number,
  workspace = new ForestWorkspace(),
): MergeForest {
  return updateForest(EMPTY_FOREST, { leaves, leafOf: new Int32Array(0) }, alpha, workspace);
}

/**
 * The forest after leaves came and went (a leaf whose weight changed went and came): what `buildForest` gives for the
 * new leaves, to the last bit, at the price of what changed.
 *
 * Ward always merges the nearest pair. The merges of the forest before prove which pair was nearest among the old
 * clusters at each step. As long as both sides of the next such merge still are clusters (they are *settled*), no other
 * two settled clusters lie nearer, so that only pairs with an *unsettled* cluster have to be looked at: a new leaf,
 * what came of it, and a cluster that lost the one it had merged with. Two settled clusters merge without any search.
 *
 * Every decision compares distances in the centroid form of PinnerSage's Ward (KDD 2020, Algorithm 1), a function of
 * the two clusters alone; Lance–Williams serves only for lower bounds that spare computing most of them. Ties go to the
 * pair with the smaller first leaves. α is in the units of `ward`.
 */
export function updateForest(
  before: MergeForest,
  change: LeafChange,
  alpha: number,
  workspace = new ForestWorkspace(),
): MergeForest {
  return new GreedyRun(before, change, alpha, workspace).finish();
}

/** Bounds are derived in other steps than the distances they bound; both round within this, relatively and to α². */
const SLACK = 1e-9;

/** A pair of clusters, by slot. */
interface Pair {
  a: number;
  b: number;
  d: number;
}

/**
 * One run of the greedy algorithm. A living cluster is named by its first leaf, its slot, and a merge lives on in the
 * smaller of two slots. A slot is settled while `oldNode` names the node of the forest before that has these leaves.
 */
class GreedyRun {
  readonly #before: MergeForest;
  readonly #leaves: ForestLeaves;
  readonly #count: number;
  readonly #limit: number;
  readonly #slack: number;
  readonly #space: ForestWorkspace;
  readonly #clusters: CentroidClusters;
  readonly #unsettled: number[] = [];
  #livingCount: number;
  /** How many merges of the forest before were made again or passed over. */
  #oldMerges = 0;
  #merges = 0;

  constructor(before: MergeForest, { leaves, leafOf }: LeafChange, alpha: number, space: ForestWorkspace) {
    const count = leaves.vectors.length;
    space.reserve(count, leafOf.length + before.left.length);
    this.#before = before;
    this.#leaves = leaves;
    this.#count = count;
    this.#limit = alpha * alpha;
    this.#slack = SLACK * Math.min(this.#limit, 1);
    this.#space = space;
    this.#clusters = new CentroidClusters(leaves, space);
    this.#livingCount = count;
    for (let leaf = 0; leaf < count; leaf++) {
      space.living[leaf] = leaf;
      space.placeOf[leaf] = leaf;
      space.nodeOf[leaf] = leaf;
    }
    space.oldNode.fill(-1, 0, count);
    space.slotOf.fill(-1, leafOf.length, leafOf.length + before.left.length);
    space.slotOf.set(leafOf);
    for (let old = 0; old < leafOf.length; old++) if (leafOf[old]! >= 0) space.oldNode[leafOf[old]!] = old;
    for (let leaf = 0; leaf < count; leaf++) if (space.oldNode[leaf] === -1) this.#unsettle(leaf, 0);
  }

  finish(): MergeForest {
    for (;;) {
      const settled = this.#nextSettled();
      const other = this.#nearestUnsettled(settled);
      if (other !== undefined) this.#mergeUnsettled(other);
      else if (settled !== undefined) this.#mergeSettled(settled);
      else break;
    }
    return {
      leaves: this.#leaves,
      left: this.#space.left.slice(0, this.#merges),
      right: this.#space.right.slice(0, this.#merges),
      squaredHeight: this.#space.squaredHeight.slice(0, this.#merges),
    };
  }

  /** The nearest pair of settled clusters. Old merges that lost a side are passed over; what is left of one is unsettled. */
  #nextSettled(): Pair | undefined {
    const { left, right, squaredHeight } = this.#before;
    for (; this.#oldMerges < left.length; this.#oldMerges++) {
      const a = this.#space.slotOf[left[this.#oldMerges]!]!;
      const b = this.#space.slotOf[right[this.#oldMerges]!]!;
      const d = squaredHeight[this.#oldMerges]!;
      if (a >= 0 && b >= 0) return { a, b, d };
      if (a >= 0) this.#unsettle(a, d);
      if (b >= 0) this.#unsettle(b, d);
    }
    return undefined;
  }

  /** The nearest pair with an unsettled cluster, where it comes before `settled` and within α. */
  #nearestUnsettled(settled: Pair | undefined): Pair | undefined {
    let best: Pair | undefined = settled;
    let bound = settled?.d ?? this.#limit;
    for (const slot of this.#unsettled) {
      if (this.#space.least[slot]! > bound) continue;
      if (this.#space.nearest[slot] === -1) this.#findNearest(slot);
      const d = this.#space.least[slot]!;
      const nearest = this.#space.nearest[slot]!;
      if (d > bound || nearest === -1) continue;
      if (best !== undefined && !comesBefore(d, slot, nearest, best.d, best.a, best.b)) continue;
      best = { a: slot, b: nearest, d };
      bound = d;
    }
    return best === settled ? undefined : best;
  }

  /** Sets `least` and `nearest` of a slot; without a cluster within α, `least` is only known to be above it. */
  #findNearest(slot: number): void {
    const bounds = this.#space.bounds;
    const living = this.#space.living;
    const row = slot * this.#count;
    let nearest = -1;
    let bound = this.#limit;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = living[i]!;
      if (bounds[row + other]! > bound || other === slot) continue;
      const d = this.#clusters.distance(slot, other, bound);
      bounds[row + other] = d;
      if (this.#space.oldNode[other] === -1) bounds[other * this.#count + slot] = d;
      if (d > bound || (nearest >= 0 && !comesBefore(d, slot, other, bound, slot, nearest))) continue;
      nearest = other;
      bound = d;
    }
    this.#space.nearest[slot] = nearest;
    this.#space.least[slot] = nearest >= 0 ? bound : this.#leastBound(slot);
  }

  #leastBound(slot: number): number {
    let least = Infinity;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#space.living[i]!;
      if (other !== slot) least = Math.min(least, this.#space.bounds[slot * this.#count + other]!);
    }
    return least;
  }

  /** Makes a cluster unsettled. No settled cluster is nearer to it than `d`. */
  #unsettle(slot: number, d: number): void {
    const row = slot * this.#count;
    let least = Infinity;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#space.living[i]!;
      this.#space.bounds[row + other] = d;
      if (other !== slot) least = d;
    }
    for (const other of this.#unsettled) {
      const known = this.#space.bounds[other * this.#count + slot]!;
      this.#space.bounds[row + other] = known;
      least = Math.min(least, known);
    }
    const old = this.#space.oldNode[slot]!;
    if (old >= 0) this.#space.slotOf[old] = -1;
    this.#space.oldNode[slot] = -1;
    this.#space.least[slot] = least;
    this.#space.nearest[slot] = -1;
    this.#unsettled.push(slot);
  }

  #mergeSettled({ a, b, d }: Pair): void {
    const [kept, gone] = a < b ? [a, b] : [b, a];
    for (const slot of this.#unsettled) this.#bound(slot, kept, gone, d);
    this.#join(kept, gone, d);
    const union = this.#before.leaves.weights.length + this.#oldMerges++;
    this.#space.slotOf[this.#space.oldNode[gone]!] = -1;
    this.#space.slotOf[this.#space.oldNode[kept]!] = -1;
    this.#space.oldNode[kept] = union;
    this.#space.slotOf[union] = kept;
  }

  #mergeUnsettled({ a, b, d }: Pair): void {
    // A settled side knows no bounds but that this pair is the nearest of all.
    for (const slot of [a, b]) if (this.#space.oldNode[slot]! >= 0) this.#unsettle(slot, d);
    const [kept, gone] = a < b ? [a, b] : [b, a];
    this.#unsettled.splice(this.#unsettled.indexOf(gone), 1);
    const rows = [kept * this.#count, gone * this.#count] as const;
    let least = Infinity;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#space.living[i]!;
      if (other === kept || other === gone) continue;
      const weight = this.#clusters.weights[other]!;
      const bound = this.#unionBound(
        this.#space.bounds[rows[0] + other]!,
        this.#space.bounds[rows[1] + other]!,
        kept,
        gone,
        weight,
        d,
      );
      this.#space.bounds[rows[0] + other] = bound;
      least = Math.min(least, bound);
    }
    for (const slot of this.#unsettled) if (slot !== kept) this.#bound(slot, kept, gone, d);
    this.#join(kept, gone, d);
    this.#space.least[kept] = least;
    this.#space.nearest[kept] = -1;
  }

  /** Tells an unsettled cluster that two others, `d` apart, become one. */
  #bound(slot: number, kept: number, gone: number, d: number): void {
    const row = slot * this.#count;
    const weight = this.#clusters.weights[slot]!;
    const toKept = this.#space.bounds[row + kept]!;
    const toGone = this.#space.bounds[row + gone]!;
    const bound = this.#unionBound(toKept, toGone, kept, gone, weight, d);
    this.#space.bounds[row + kept] = bound;
    const nearest = this.#space.nearest[slot]!;
    if (nearest === kept || nearest === gone || bound <= this.#space.least[slot]!)
      this.#space.nearest[slot] = -1;
    this.#space.least[slot] = Math.min(this.#space.least[slot]!, bound);
  }

  /** Lance–Williams grows with both distances, so that bounds on these give one on the result. */
  #unionBound(toA: number, toB: number, a: number, b: number, weight: number, between: number): number {
    const weightA = this.#clusters.weights[a]!;
    const weightB = this.#clusters.weights[b]!;
    const sum = (weightA + weight) * toA + (weightB + weight) * toB - weight * between;
    return Math.max(0, (sum / (weightA + weightB + weight)) * (1 - SLACK) - this.#slack);
  }

  #join(kept: number, gone: number, d: number): void {
    this.#clusters.join(kept, gone);
    const place = this.#space.placeOf[gone]!;
    const moved = this.#space.living[--this.#livingCount]!;
    this.#space.living[place] = moved;
    this.#space.placeOf[moved] = place;
    this.#space.left[this.#merges] = this.#space.nodeOf[kept]!;
    this.#space.right[this.#merges] = this.#space.nodeOf[gone]!;
    this.#space.squaredHeight[this.#merges] = d;
    this.#space.nodeOf[kept] = this.#count + this.#merges++;
  }
}

/** The order in which pairs merge: by distance, then by the smaller first leaf, then by the larger. */
function comesBefore(d: number, a: number, b: number, d2: number, a2: number, b2: number): boolean {
  if (d !== d2) return d < d2;
  const low = Math.min(a, b);
  const low2 = Math.min(a2, b2);
  return low === low2 ? Math.max(a, b) < Math.max(a2, b2) : low < low2;
}
