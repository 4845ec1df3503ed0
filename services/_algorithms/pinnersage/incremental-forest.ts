import { CentroidClusters, type CentroidSpace, createCentroidSpace } from './incremental-centroids.ts';
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

export function emptyForest(dim: number): MergeForest {
  return {
    leaves: { points: new Float32Array(0), weights: new Float64Array(0), dim },
    left: new Int32Array(0),
    right: new Int32Array(0),
    squaredHeight: new Float64Array(0),
  };
}

/** The cluster of each leaf: labels 0..k−1 in the order of the clusters' first leaves. */
export function forestLabels({ leaves, left, right }: MergeForest): Int32Array {
  const count = leaves.weights.length;
  const rootOf = Int32Array.from({ length: count + left.length }, (_, node) => node);
  // A node's parent has a larger number, so that its own root is known when its turn comes.
  for (let i = left.length - 1; i >= 0; i--) {
    rootOf[left[i]!] = rootOf[count + i]!;
    rootOf[right[i]!] = rootOf[count + i]!;
  }
  const labelOf = new Int32Array(rootOf.length).fill(-1);
  let labelCount = 0;
  return rootOf.subarray(0, count).map((root) => {
    if (labelOf[root] === -1) labelOf[root] = labelCount++;
    return labelOf[root]!;
  });
}

/**
 * The forest that has these merges, with their heights as `updateForest` found them: O(n·dim).
 * Throws RangeError where a merge names no two clusters that stand by then.
 */
export function replayMerges(
  leaves: WeightedPoints,
  left: Int32Array,
  right: Int32Array,
  space: CentroidSpace = createCentroidSpace(),
): MergeForest {
  const clusters = new CentroidClusters(leaves, space);
  const count = leaves.weights.length;
  const slotOf = new Int32Array(count + left.length).fill(-1);
  for (let leaf = 0; leaf < count; leaf++) slotOf[leaf] = leaf;
  const squaredHeight = Float64Array.from(left, (node, i) => {
    const kept = slotOf[node] ?? -1;
    const gone = slotOf[right[i]!] ?? -1;
    if (kept < 0 || gone <= kept) throw new RangeError(`Merge ${i} joins no two clusters in their order`);
    const d = clusters.distance(kept, gone, Infinity);
    clusters.join(kept, gone);
    slotOf[node] = -1;
    slotOf[right[i]!] = -1;
    slotOf[count + i] = kept;
    return d;
  });
  return { leaves, left, right, squaredHeight };
}
