/**
 * A binary tree of merges over n leaves. Nodes 0..n−1 are the leaves, node n + i is the i-th merge.
 * Each array has n − 1 entries; heights never fall, so that a cut is a prefix of the merges.
 */
export interface Dendrogram {
  readonly leaves: number;
  /** The merged node with the smaller leaf, and the other one. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly height: Float64Array;
  /** Total weight of the leaves below. */
  readonly weight: Float64Array;
}

/** A merge as the chain finds it: clusters are named by their smallest leaf, and come in no order of height. */
export interface Merge {
  readonly first: number;
  readonly second: number;
  readonly height: number;
  readonly weight: number;
}

/** Sorts merges by height (equal ones stay as found) and gives them node numbers. */
export function buildDendrogram(leaves: number, merges: readonly Merge[]): Dendrogram {
  const sorted = merges.toSorted((a, b) => a.height - b.height);
  const left = new Int32Array(sorted.length);
  const right = new Int32Array(sorted.length);
  const clusters = new DisjointSets(leaves);
  const nodeOfRoot = Int32Array.from({ length: leaves }, (_, leaf) => leaf);
  sorted.forEach(({ first, second }, i) => {
    const one = clusters.rootOf(first);
    const other = clusters.rootOf(second);
    left[i] = nodeOfRoot[Math.min(one, other)]!;
    right[i] = nodeOfRoot[Math.max(one, other)]!;
    nodeOfRoot[clusters.join(one, other)] = leaves + i;
  });
  return {
    leaves,
    left,
    right,
    height: Float64Array.from(sorted, (merge) => merge.height),
    weight: Float64Array.from(sorted, (merge) => merge.weight),
  };
}

/**
 * Flat clusters: every merge of height ≤ `alpha` is made.
 * Returns a label a leaf, 0..k−1, numbered in the order of each cluster's first leaf.
 */
export function cut(dendrogram: Dendrogram, alpha: number): Int32Array {
  const { leaves, left, right, height } = dendrogram;
  const clusters = new DisjointSets(leaves);
  const someLeaf = Int32Array.from({ length: 2 * leaves }, (_, node) => node);
  for (let i = 0; i < height.length && height[i]! <= alpha; i++) {
    someLeaf[leaves + i] = clusters.join(someLeaf[left[i]!]!, someLeaf[right[i]!]!);
  }
  const labels = new Int32Array(leaves);
  let labelCount = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const root = clusters.rootOf(leaf);
    // The root is the smallest leaf, so it was labelled before the rest of its cluster.
    labels[leaf] = root === leaf ? labelCount++ : labels[root]!;
  }
  return labels;
}

/** Union-find whose roots are the smallest members. */
class DisjointSets {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, member) => member);
  }

  rootOf(member: number): number {
    const parent = this.#parent;
    let node = member;
    while (parent[node] !== node) {
      parent[node] = parent[parent[node]!]!;
      node = parent[node]!;
    }
    return node;
  }

  /** Returns the root of the union. */
  join(a: number, b: number): number {
    const one = this.rootOf(a);
    const other = this.rootOf(b);
    const root = Math.min(one, other);
    this.#parent[Math.max(one, other)] = root;
    return root;
  }
}
