/** One event column a field, in time order: the item was taken in the context (board, basket, session). */
export interface EdgeColumns {
  readonly item: Int32Array;
  readonly context: Int32Array;
  /** Strength of the action, > 0: a purchase says more than a view. */
  readonly weight: Float32Array;
}

/** Compressed sparse rows: the neighbours of row r are `targets[offsets[r] .. offsets[r + 1])`, ascending. */
export interface Adjacency {
  readonly offsets: Uint32Array;
  readonly targets: Int32Array;
  /** Running sums of the edge weights inside each row; the last entry of a row is its total. */
  readonly cumulative: Float64Array;
}

/** The bipartite graph of PinSage (KDD 2018, §3.1), walkable in both directions. */
export interface ItemContextGraph {
  readonly itemCount: number;
  readonly contextCount: number;
  readonly contextsOfItem: Adjacency;
  readonly itemsOfContext: Adjacency;
  /** Memory of the arrays, in bytes. */
  readonly bytes: number;
}

export interface GraphOptions {
  readonly itemCount: number;
  /** A node with more edges keeps its heaviest, ties to the latest. Each direction is capped on its own. */
  readonly maximumDegree?: number;
  /**
   * Walks go from a context to an item ∝ weight · degree(item)^−damping. At 0 (the paper's) the few items that are in
   * every basket are everybody's neighbours; at 1 an item is as likely met from all its contexts together as another.
   */
  readonly hubDamping?: number;
}

/** Columns that grow by doubling, for edges that arrive one by one. */
export class EdgeBuilder {
  #item = new Int32Array(1024);
  #context = new Int32Array(1024);
  #weight = new Float32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(item: number, context: number, weight: number): void {
    if (this.#length === this.#item.length) this.#grow();
    this.#item[this.#length] = item;
    this.#context[this.#length] = context;
    this.#weight[this.#length++] = weight;
  }

  /** Views of what was added; a later `add` may leave them behind. */
  columns(): EdgeColumns {
    return {
      item: this.#item.subarray(0, this.#length),
      context: this.#context.subarray(0, this.#length),
      weight: this.#weight.subarray(0, this.#length),
    };
  }

  #grow(): void {
    const capacity = this.#item.length * 2;
    const [item, context, weight] = [this.#item, this.#context, this.#weight];
    this.#item = new Int32Array(capacity);
    this.#context = new Int32Array(capacity);
    this.#weight = new Float32Array(capacity);
    this.#item.set(item);
    this.#context.set(context);
    this.#weight.set(weight);
  }
}

/**
 * Builds the graph; repeated edges add up their weights.
 * Throws RangeError where columns differ in length, an id is out of range or a weight is not a positive number.
 */
export function buildGraph(
  edges: EdgeColumns,
  { itemCount, maximumDegree = 1000, hubDamping = 0 }: GraphOptions,
): ItemContextGraph {
  const contextCount = checkEdges(edges, itemCount);
  const merged = mergeRepeats(edges, itemCount, contextCount);
  const contextsOfItem = compress(merged.item, merged.context, merged, itemCount, maximumDegree);
  const damped = { ...merged, weight: dampHubs(merged, itemCount, hubDamping) };
  const itemsOfContext = compress(merged.context, merged.item, damped, contextCount, maximumDegree);
  const bytes = [contextsOfItem, itemsOfContext]
    .flatMap(({ offsets, targets, cumulative }) => [offsets, targets, cumulative])
    .reduce((sum, array) => sum + array.byteLength, 0);
  return { itemCount, contextCount, contextsOfItem, itemsOfContext, bytes };
}

/** Number of distinct neighbours of each row. */
export function degrees({ offsets }: Adjacency): Int32Array {
  return Int32Array.from({ length: offsets.length - 1 }, (_, row) => offsets[row + 1]! - offsets[row]!);
}

function checkEdges({ item, context, weight }: EdgeColumns, itemCount: number): number {
  if (item.length !== context.length || item.length !== weight.length) {
    throw new RangeError(
      `Edge columns differ in length: ${item.length}, ${context.length}, ${weight.length}`,
    );
  }
  let contextCount = 0;
  for (let e = 0; e < item.length; e++) {
    if (item[e]! < 0 || item[e]! >= itemCount) {
      throw new RangeError(`Edge ${e} names item ${item[e]} of ${itemCount}`);
    }
    if (context[e]! < 0) throw new RangeError(`Edge ${e} names context ${context[e]}`);
    if (!(weight[e]! > 0 && weight[e]! < Infinity)) {
      throw new RangeError(`Edge ${e} weighs ${weight[e]}, not a positive number`);
    }
    contextCount = Math.max(contextCount, context[e]! + 1);
  }
  return contextCount;
}

interface MergedEdges {
  readonly item: Int32Array;
  readonly context: Int32Array;
  readonly weight: Float64Array;
  /** Position of the edge's last event: the larger, the later. */
  readonly latest: Int32Array;
}

function mergeRepeats(edges: EdgeColumns, itemCount: number, contextCount: number): MergedEdges {
  const order = orderBy(edges.item, itemCount, orderBy(edges.context, contextCount));
  const item = new Int32Array(order.length);
  const context = new Int32Array(order.length);
  const weight = new Float64Array(order.length);
  const latest = new Int32Array(order.length);
  let last = -1;
  for (const e of order) {
    if (last < 0 || item[last] !== edges.item[e] || context[last] !== edges.context[e]) last++;
    item[last] = edges.item[e]!;
    context[last] = edges.context[e]!;
    weight[last]! += edges.weight[e]!;
    latest[last] = e;
  }
  const length = last + 1;
  return {
    item: item.subarray(0, length),
    context: context.subarray(0, length),
    weight: weight.subarray(0, length),
    latest: latest.subarray(0, length),
  };
}

function dampHubs({ item, weight }: MergedEdges, itemCount: number, power: number): Float64Array {
  const degree = new Uint32Array(itemCount);
  for (const i of item) degree[i]!++;
  return weight.map((value, edge) => value * degree[item[edge]!]! ** -power);
}

function compress(
  rows: Int32Array,
  targetOf: Int32Array,
  { weight, latest }: MergedEdges,
  rowCount: number,
  maximumDegree: number,
): Adjacency {
  const order = orderBy(rows, rowCount);
  const offsets = new Uint32Array(rowCount + 1);
  const targets = new Int32Array(order.length);
  const cumulative = new Float64Array(order.length);
  const heaviestFirst = (a: number, b: number) => weight[b]! - weight[a]! || latest[b]! - latest[a]!;
  let read = 0;
  let write = 0;
  for (let row = 0; row < rowCount; row++) {
    const start = read;
    while (read < order.length && rows[order[read]!] === row) read++;
    let kept = order.subarray(start, read);
    // Rows are ascending by target because the merged edges are; a cap has to restore that.
    if (kept.length > maximumDegree) kept = kept.sort(heaviestFirst).subarray(0, maximumDegree).sort();
    let total = 0;
    for (const edge of kept) {
      total += weight[edge]!;
      targets[write] = targetOf[edge]!;
      cumulative[write++] = total;
    }
    offsets[row + 1] = write;
  }
  return { offsets, targets: targets.slice(0, write), cumulative: cumulative.slice(0, write) };
}

/** Positions sorted by key (counting sort, stable with respect to `positions`, by default 0, 1, 2…). */
function orderBy(keys: Int32Array, keyCount: number, positions?: Int32Array): Int32Array {
  const next = new Uint32Array(keyCount + 1);
  for (const key of keys) next[key + 1]!++;
  for (let key = 0; key < keyCount; key++) next[key + 1]! += next[key]!;
  const order = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const position = positions === undefined ? i : positions[i]!;
    order[next[keys[position]!]!++] = position;
  }
  return order;
}
