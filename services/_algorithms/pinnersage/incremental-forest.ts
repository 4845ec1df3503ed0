import {
  CentroidClusters,
  CentroidSpace,
  createMergeArrays,
  type ForestLeaves,
} from './incremental-centroids.ts';

/**
 * Ward's merges of height ≤ α over n leaves, in the order in which they were made. Leaves are the nodes 0..n−1, merge
 * i makes node n + i, and `left` is the side with the smaller leaf. The forest is a function of leaves and α alone.
 */
export interface MergeForest {
  readonly leaves: ForestLeaves;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** 2ab/(a+b)·‖c_A − c_B‖², the square of the height that `ward` reports. */
  readonly squaredHeight: Float64Array;
}

export const EMPTY_FOREST: MergeForest = {
  leaves: { vectors: [], weights: [] },
  left: new Int32Array(0),
  right: new Int32Array(0),
  squaredHeight: new Float64Array(0),
};

/** The cluster of each leaf: labels 0..k−1 in the order of the clusters' first leaves. */
export function forestLabels({ leaves, left, right }: MergeForest): Int32Array {
  const count = leaves.weights.length;
  const labels = new Int32Array(count);
  const rootOf = new Int32Array(count + left.length);
  // A node's parent has a larger number, so that its own root is known before the node is visited.
  for (let i = left.length - 1; i >= 0; i--) {
    const root = rootOf[count + i]! || count + i;
    rootOf[left[i]!] = root;
    rootOf[right[i]!] = root;
  }
  const labelOf = new Int32Array(left.length).fill(-1);
  let labelCount = 0;
  for (let leaf = 0; leaf < count; leaf++) {
    const merge = rootOf[leaf]! - count;
    if (merge < 0) labels[leaf] = labelCount++;
    else {
      if (labelOf[merge] === -1) labelOf[merge] = labelCount++;
      labels[leaf] = labelOf[merge]!;
    }
  }
  return labels;
}

/**
 * Returns the forest with these merges, with their heights as `updateForest` computes them, in O(n·dim). Throws
 * RangeError if a merge does not name two existing clusters.
 */
export function replayMerges(
  leaves: ForestLeaves,
  left: Int32Array,
  right: Int32Array,
  space = new CentroidSpace(),
): MergeForest {
  const count = leaves.weights.length;
  const clusters = new CentroidClusters(leaves, space, createMergeArrays(count));
  const slotOf = new Int32Array(count + left.length).fill(-1);
  for (let leaf = 0; leaf < count; leaf++) slotOf[leaf] = leaf;
  const squaredHeight = new Float64Array(left.length);
  for (let i = 0; i < left.length; i++) {
    const node = left[i]!;
    const kept = slotOf[node] ?? -1;
    const gone = slotOf[right[i]!] ?? -1;
    if (kept < 0 || gone <= kept)
      throw new RangeError(`Merge ${i} does not name two clusters in their order`);
    const d = clusters.distance(kept, gone, Infinity);
    clusters.join(kept, gone, d);
    slotOf[node] = -1;
    slotOf[right[i]!] = -1;
    slotOf[count + i] = kept;
    squaredHeight[i] = d;
  }
  return { leaves, left, right, squaredHeight };
}
