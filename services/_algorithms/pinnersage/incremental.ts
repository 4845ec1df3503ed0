import { CentroidClusters, type CentroidSpace, createCentroidSpace } from './incremental-centroids.ts';
import { emptyForest, type MergeForest } from './incremental-forest.ts';
import type { WeightedPoints } from './points.ts';

/** Which leaves another forest shares with the one before. */
export interface LeafChange {
  readonly leaves: WeightedPoints;
  /** For each leaf of the forest before, its number now, or −1; the order of those that stay is the same. */
  readonly leafOf: Int32Array;
}

/** Buffers that a caller keeps between runs; they grow to the largest n seen (8·n² bytes, as `WardWorkspace`). */
export interface ForestWorkspace extends CentroidSpace {
  /** Lower bounds on the distance of an unsettled cluster (row) to every other (column). */
  bounds: Float64Array;
}

export function createForestWorkspace(): ForestWorkspace {
  return { ...createCentroidSpace(), bounds: new Float64Array(0) };
}

/** The forest of these leaves, from nothing: O(n²·dim). Weights are at least 1 and all numbers finite. */
export function buildForest(
  leaves: WeightedPoints,
  alpha: number,
  workspace: ForestWorkspace = createForestWorkspace(),
): MergeForest {
  return updateForest(emptyForest(leaves.dim), { leaves, leafOf: new Int32Array(0) }, alpha, workspace);
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
  workspace: ForestWorkspace = createForestWorkspace(),
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
  readonly #leaves: WeightedPoints;
  readonly #count: number;
  readonly #limit: number;
  readonly #slack: number;
  readonly #bounds: Float64Array;
  readonly #clusters: CentroidClusters;
  readonly #weights: Float64Array;
  readonly #living: Int32Array;
  readonly #placeOf: Int32Array;
  #livingCount: number;
  readonly #nodeOf: Int32Array;
  /** By slot: node of the forest before, or −1 where the cluster is unsettled or gone. */
  readonly #oldNode: Int32Array;
  /** By node of the forest before: its slot while it is a settled living cluster, else −1. */
  readonly #slotOf: Int32Array;
  #oldMerges = 0;
  readonly #unsettled: number[] = [];
  /** By unsettled slot: no other cluster is nearer than this. */
  readonly #least: Float64Array;
  /** By unsettled slot: the cluster exactly that near, or −1 while `least` is but a bound. */
  readonly #nearest: Int32Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #squaredHeight: Float64Array;
  #merges = 0;

  constructor(
    before: MergeForest,
    { leaves, leafOf }: LeafChange,
    alpha: number,
    workspace: ForestWorkspace,
  ) {
    const count = leaves.weights.length;
    if (workspace.bounds.length < count * count) workspace.bounds = new Float64Array(count * count);
    this.#before = before;
    this.#leaves = leaves;
    this.#count = count;
    this.#limit = alpha * alpha;
    this.#slack = SLACK * Math.min(this.#limit, 1);
    this.#bounds = workspace.bounds;
    this.#clusters = new CentroidClusters(leaves, workspace);
    this.#weights = this.#clusters.weights;
    this.#living = Int32Array.from({ length: count }, (_, i) => i);
    this.#placeOf = this.#living.slice();
    this.#livingCount = count;
    this.#nodeOf = this.#living.slice();
    this.#oldNode = new Int32Array(count).fill(-1);
    this.#slotOf = new Int32Array(leafOf.length + before.left.length).fill(-1);
    this.#slotOf.set(leafOf);
    leafOf.forEach((leaf, old) => {
      if (leaf >= 0) this.#oldNode[leaf] = old;
    });
    this.#least = new Float64Array(count);
    this.#nearest = new Int32Array(count).fill(-1);
    this.#left = new Int32Array(count);
    this.#right = new Int32Array(count);
    this.#squaredHeight = new Float64Array(count);
    for (let leaf = 0; leaf < count; leaf++) if (this.#oldNode[leaf] === -1) this.#unsettle(leaf, 0);
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
      left: this.#left.slice(0, this.#merges),
      right: this.#right.slice(0, this.#merges),
      squaredHeight: this.#squaredHeight.slice(0, this.#merges),
    };
  }

  /** The nearest pair of settled clusters. Old merges that lost a side are passed over; what is left of one is unsettled. */
  #nextSettled(): Pair | undefined {
    const { left, right, squaredHeight } = this.#before;
    for (; this.#oldMerges < left.length; this.#oldMerges++) {
      const a = this.#slotOf[left[this.#oldMerges]!]!;
      const b = this.#slotOf[right[this.#oldMerges]!]!;
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
      if (this.#least[slot]! > bound) continue;
      if (this.#nearest[slot] === -1) this.#findNearest(slot);
      const d = this.#least[slot]!;
      const nearest = this.#nearest[slot]!;
      if (d > bound || nearest === -1) continue;
      if (best !== undefined && !comesBefore(d, slot, nearest, best.d, best.a, best.b)) continue;
      best = { a: slot, b: nearest, d };
      bound = d;
    }
    return best === settled ? undefined : best;
  }

  /** Sets `least` and `nearest` of a slot; without a cluster within α, `least` is only known to be above it. */
  #findNearest(slot: number): void {
    const bounds = this.#bounds;
    const living = this.#living;
    const row = slot * this.#count;
    let nearest = -1;
    let bound = this.#limit;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = living[i]!;
      if (bounds[row + other]! > bound || other === slot) continue;
      const d = this.#clusters.distance(slot, other, bound);
      bounds[row + other] = d;
      if (this.#oldNode[other] === -1) bounds[other * this.#count + slot] = d;
      if (d > bound || (nearest >= 0 && !comesBefore(d, slot, other, bound, slot, nearest))) continue;
      nearest = other;
      bound = d;
    }
    this.#nearest[slot] = nearest;
    this.#least[slot] = nearest >= 0 ? bound : this.#leastBound(slot);
  }

  #leastBound(slot: number): number {
    let least = Infinity;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#living[i]!;
      if (other !== slot) least = Math.min(least, this.#bounds[slot * this.#count + other]!);
    }
    return least;
  }

  /** Makes a cluster unsettled. No settled cluster is nearer to it than `d`. */
  #unsettle(slot: number, d: number): void {
    const row = slot * this.#count;
    let least = Infinity;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#living[i]!;
      this.#bounds[row + other] = d;
      if (other !== slot) least = d;
    }
    for (const other of this.#unsettled) {
      const known = this.#bounds[other * this.#count + slot]!;
      this.#bounds[row + other] = known;
      least = Math.min(least, known);
    }
    const old = this.#oldNode[slot]!;
    if (old >= 0) this.#slotOf[old] = -1;
    this.#oldNode[slot] = -1;
    this.#least[slot] = least;
    this.#nearest[slot] = -1;
    this.#unsettled.push(slot);
  }

  #mergeSettled({ a, b, d }: Pair): void {
    const [kept, gone] = a < b ? [a, b] : [b, a];
    for (const slot of this.#unsettled) this.#bound(slot, kept, gone, d);
    this.#join(kept, gone, d);
    const union = this.#before.leaves.weights.length + this.#oldMerges++;
    this.#slotOf[this.#oldNode[gone]!] = -1;
    this.#slotOf[this.#oldNode[kept]!] = -1;
    this.#oldNode[kept] = union;
    this.#slotOf[union] = kept;
  }

  #mergeUnsettled({ a, b, d }: Pair): void {
    // A settled side knows no bounds but that this pair is the nearest of all.
    for (const slot of [a, b]) if (this.#oldNode[slot]! >= 0) this.#unsettle(slot, d);
    const [kept, gone] = a < b ? [a, b] : [b, a];
    this.#unsettled.splice(this.#unsettled.indexOf(gone), 1);
    const rows = [kept * this.#count, gone * this.#count] as const;
    let least = Infinity;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#living[i]!;
      if (other === kept || other === gone) continue;
      const weight = this.#weights[other]!;
      const bound = this.#unionBound(
        this.#bounds[rows[0] + other]!,
        this.#bounds[rows[1] + other]!,
        kept,
        gone,
        weight,
        d,
      );
      this.#bounds[rows[0] + other] = bound;
      least = Math.min(least, bound);
    }
    for (const slot of this.#unsettled) if (slot !== kept) this.#bound(slot, kept, gone, d);
    this.#join(kept, gone, d);
    this.#least[kept] = least;
    this.#nearest[kept] = -1;
  }

  /** Tells an unsettled cluster that two others, `d` apart, become one. */
  #bound(slot: number, kept: number, gone: number, d: number): void {
    const row = slot * this.#count;
    const weight = this.#weights[slot]!;
    const toKept = this.#bounds[row + kept]!;
    const toGone = this.#bounds[row + gone]!;
    const bound = this.#unionBound(toKept, toGone, kept, gone, weight, d);
    this.#bounds[row + kept] = bound;
    const nearest = this.#nearest[slot]!;
    if (nearest === kept || nearest === gone || bound <= this.#least[slot]!) this.#nearest[slot] = -1;
    this.#least[slot] = Math.min(this.#least[slot]!, bound);
  }

  /** Lance–Williams grows with both distances, so that bounds on these give one on the result. */
  #unionBound(toA: number, toB: number, a: number, b: number, weight: number, between: number): number {
    const weightA = this.#weights[a]!;
    const weightB = this.#weights[b]!;
    const sum = (weightA + weight) * toA + (weightB + weight) * toB - weight * between;
    return Math.max(0, (sum / (weightA + weightB + weight)) * (1 - SLACK) - this.#slack);
  }

  #join(kept: number, gone: number, d: number): void {
    this.#clusters.join(kept, gone);
    const place = this.#placeOf[gone]!;
    const moved = this.#living[--this.#livingCount]!;
    this.#living[place] = moved;
    this.#placeOf[moved] = place;
    this.#left[this.#merges] = this.#nodeOf[kept]!;
    this.#right[this.#merges] = this.#nodeOf[gone]!;
    this.#squaredHeight[this.#merges] = d;
    this.#nodeOf[kept] = this.#count + this.#merges++;
  }
}

/** The order in which pairs merge: by distance, then by the smaller first leaf, then by the larger. */
function comesBefore(d: number, a: number, b: number, d2: number, a2: number, b2: number): boolean {
  if (d !== d2) return d < d2;
  const low = Math.min(a, b);
  const low2 = Math.min(a2, b2);
  return low === low2 ? Math.max(a, b) < Math.max(a2, b2) : low < low2;
}
