/**
 * A binary tree of merges over n leaves. Nodes 0..n−1 are the leaves, node n + i is the i-th merge. Each array has n
 * − 1 entries; heights never decrease, so that a cut is a prefix of the merges.
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

/**
 * The n − 1 merges of n leaves as the chain finds them: clusters are named by their smallest leaf, and heights are
 * unordered.
 */
export class MergeList {
  readonly leaves: number;
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly height: Float64Array;
  readonly weight: Float64Array;
  #length = 0;

  constructor(leaves: number) {
    const length = Math.max(0, leaves - 1);
    this.leaves = leaves;
    this.first = new Int32Array(length);
    this.second = new Int32Array(length);
    this.height = new Float64Array(length);
    this.weight = new Float64Array(length);
  }

  add(first: number, second: number, height: number, weight: number): void {
    this.first[this.#length] = first;
    this.second[this.#length] = second;
    this.height[this.#length] = height;
    this.weight[this.#length++] = weight;
  }
}

/** Sorts merges by height (a stable sort) and assigns node numbers. */
export function buildDendrogram({ leaves, first, second, height, weight }: MergeList): Dendrogram {
  const order = height.map((_, i) => i).sort((a, b) => height[a]! - height[b]! || a - b);
  const clusters = new DisjointSets(leaves);
  const nodeOfRoot = new Int32Array(leaves).map((_, leaf) => leaf);
  const left = new Int32Array(order.length);
  const right = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const one = clusters.rootOf(first[order[i]!]!);
    const other = clusters.rootOf(second[order[i]!]!);
    left[i] = nodeOfRoot[Math.min(one, other)]!;
    right[i] = nodeOfRoot[Math.max(one, other)]!;
    nodeOfRoot[clusters.join(one, other)] = leaves + i;
  }
  return { leaves, left, right, height: order.map((i) => height[i]!), weight: order.map((i) => weight[i]!) };
}

/**
 * Flat clusters: applies every merge of height ≤ `alpha`.
 * Returns one label per leaf, 0..k−1, numbered in the order of each cluster's first leaf.
 */
export function cut(dendrogram: Dendrogram, alpha: number): Int32Array {
  const { leaves, left, right, height } = dendrogram;
  const clusters = new DisjointSets(leaves);
  const someLeaf = new Int32Array(2 * leaves).map((_, node) => node);
  for (let i = 0; i < height.length && height[i]! <= alpha; i++) {
    someLeaf[leaves + i] = clusters.join(someLeaf[left[i]!]!, someLeaf[right[i]!]!);
  }
  const labels = new Int32Array(leaves);
  let labelCount = 0;
  for (let leaf = 0; leaf < leaves; leaf++) {
    const root = clusters.rootOf(leaf);
    // The root is the smallest leaf, so it has its label before the rest of its cluster.
    labels[leaf] = root === leaf ? labelCount++ : labels[root]!;
  }
  return labels;
}

/** Union-find whose roots are the smallest members. */
class DisjointSets {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = new Int32Array(size).map((_, member) => member);
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
