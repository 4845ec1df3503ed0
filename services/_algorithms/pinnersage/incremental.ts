import type { WeightedPoints } from './points.ts';

/**
 * Ward's merges of height ≤ α over n leaves, in the order in which they were made. Leaves are the nodes 0..n−1, merge i
 * makes node n + i, and `left` is the side with the smaller leaf. It is a function of leaves and α alone.
 */
export interface MergeForest {
  readonly leaves: WeightedPoints;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** 2ab/(a+b)·‖c_A − c_B‖², the square of the height that `ward` reports. */
  readonly squaredHeight: Float64Array;
}

/** Which leaves another forest shares with the one before. */
export interface LeafChange {
  readonly leaves: WeightedPoints;
  /** For each leaf of the forest before, its number now, or −1; the order of those that stay is the same. */
  readonly leafOf: Int32Array;
}

/** Buffers that a caller keeps between runs; they grow to the largest n seen (8·n² bytes, as `WardWorkspace`). */
export interface ForestWorkspace {
  /** Lower bounds on the distance of an unsettled cluster (row) to every other (column). */
  bounds: Float64Array;
  centroids: Float64Array;
}

export function createForestWorkspace(): ForestWorkspace {
  return { bounds: new Float64Array(0), centroids: new Float64Array(0) };
}

export function emptyForest(dim: number): MergeForest {
  return {
    leaves: { points: new Float32Array(0), weights: new Float64Array(0), dim },
    left: new Int32Array(0),
    right: new Int32Array(0),
    squaredHeight: new Float64Array(0),
  };
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

/** A cluster a leaf, in the order of first leaves: label 0..k−1 of each leaf. */
export function forestLabels({ leaves, left, right }: MergeForest): Int32Array {
  const count = leaves.weights.length;
  const labels = new Int32Array(count + left.length).fill(-1);
  let labelCount = 0;
  // From the roots down, then numbered by leaf; `left` holds the first leaf, which therefore meets its root first.
  for (let i = left.length - 1; i >= 0; i--) {
    if (labels[count + i] === -1) labels[count + i] = count + i;
    labels[left[i]!] = labels[count + i]!;
    labels[right[i]!] = labels[count + i]!;
  }
  const labelOfRoot = new Int32Array(count + left.length).fill(-1);
  for (let leaf = 0; leaf < count; leaf++) {
    const root = labels[leaf] === -1 ? leaf : labels[leaf]!;
    if (labelOfRoot[root] === -1) labelOfRoot[root] = labelCount++;
    labels[leaf] = labelOfRoot[root]!;
  }
  return labels.subarray(0, count);
}

/** Bounds are derived in other steps than the distances they bound; both round within this, relatively and to α². */
const SLACK = 1e-9;
/** Coordinates between two looks at whether a distance can still matter. */
const BLOCK = 16;

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
  readonly #dim: number;
  readonly #limit: number;
  readonly #slack: number;
  readonly #bounds: Float64Array;
  readonly #centroids: Float64Array;
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
    const dim = leaves.dim;
    if (workspace.bounds.length < count * count) workspace.bounds = new Float64Array(count * count);
    if (workspace.centroids.length < count * dim) workspace.centroids = new Float64Array(count * dim);
    this.#before = before;
    this.#leaves = leaves;
    this.#count = count;
    this.#dim = dim;
    this.#limit = alpha * alpha;
    this.#slack = SLACK * Math.min(this.#limit, 1);
    this.#bounds = workspace.bounds;
    this.#centroids = workspace.centroids;
    this.#centroids.set(leaves.points);
    this.#weights = Float64Array.from(leaves.weights);
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
      const [d, nearest] = [this.#least[slot]!, this.#nearest[slot]!];
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
    const row = slot * this.#count;
    let nearest = -1;
    let bound = this.#limit;
    for (let i = 0; i < this.#livingCount; i++) {
      const other = this.#living[i]!;
      if (bounds[row + other]! > bound || other === slot) continue;
      const d = this.#distance(slot, other, bound);
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

  /** 2ab/(a+b)·‖c_A − c_B‖², or some smaller number above `bound`. */
  #distance(a: number, b: number, bound: number): number {
    const centroids = this.#centroids;
    const dim = this.#dim;
    const factor = (2 * this.#weights[a]! * this.#weights[b]!) / (this.#weights[a]! + this.#weights[b]!);
    const shift = (b - a) * dim;
    const last = (a + 1) * dim;
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let i = a * dim; i < last; ) {
      const end = Math.min(i + BLOCK, last);
      for (; i + 3 < end; i += 4) {
        const d0 = centroids[i]! - centroids[i + shift]!;
        const d1 = centroids[i + 1]! - centroids[i + 1 + shift]!;
        const d2 = centroids[i + 2]! - centroids[i + 2 + shift]!;
        const d3 = centroids[i + 3]! - centroids[i + 3 + shift]!;
        s0 += d0 * d0;
        s1 += d1 * d1;
        s2 += d2 * d2;
        s3 += d3 * d3;
      }
      for (; i < end; i++) s0 += (centroids[i]! - centroids[i + shift]!) ** 2;
      if (factor * (s0 + s1 + (s2 + s3)) > bound) break;
    }
    return factor * (s0 + s1 + (s2 + s3));
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
    const [toKept, toGone] = [this.#bounds[row + kept]!, this.#bounds[row + gone]!];
    const bound = this.#unionBound(toKept, toGone, kept, gone, weight, d);
    this.#bounds[row + kept] = bound;
    const nearest = this.#nearest[slot]!;
    if (nearest === kept || nearest === gone || bound <= this.#least[slot]!) this.#nearest[slot] = -1;
    this.#least[slot] = Math.min(this.#least[slot]!, bound);
  }

  /** Lance–Williams grows with both distances, so that bounds on these give one on the result. */
  #unionBound(toA: number, toB: number, a: number, b: number, weight: number, between: number): number {
    const [weightA, weightB] = [this.#weights[a]!, this.#weights[b]!];
    const sum = (weightA + weight) * toA + (weightB + weight) * toB - weight * between;
    return Math.max(0, (sum / (weightA + weightB + weight)) * (1 - SLACK) - this.#slack);
  }

  #join(kept: number, gone: number, d: number): void {
    const [weightKept, weightGone] = [this.#weights[kept]!, this.#weights[gone]!];
    const weight = weightKept + weightGone;
    const dim = this.#dim;
    for (let i = kept * dim, j = gone * dim; i < (kept + 1) * dim; i++, j++) {
      this.#centroids[i] = (weightKept * this.#centroids[i]! + weightGone * this.#centroids[j]!) / weight;
    }
    this.#weights[kept] = weight;
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
  const [low, low2] = [Math.min(a, b), Math.min(a2, b2)];
  return low === low2 ? Math.max(a, b) < Math.max(a2, b2) : low < low2;
}
