/** Nodes that a search found for each of its queries. */
export interface FoundNodes {
  /** n × depth: labels, the nearest first. Places past the count mean nothing. */
  readonly labels: Uint32Array;
  /** n × depth: 1 − cosine. */
  readonly distances: Float32Array;
  /** n: how many nodes each query has. */
  readonly counts: Uint32Array;
  /** Nodes that were searched for. */
  readonly depth: number;
  /** Whether no further node counts, even where as many were found as were searched for. */
  readonly isWhole?: boolean;
}

/** How the rows of nodes are read and compared. */
export interface NodeRows {
  /** Rows of a node that can be found, in their order. */
  shownAt(label: number): readonly number[];
  /** Order of two rows at the same distance; no two rows are equal. */
  compareIds(a: number, b: number): number;
}

/** Where the rows of one query go. */
export interface OrderedRows {
  readonly rows: Uint32Array;
  readonly distances: Float32Array;
  /** First place of the query. */
  readonly start: number;
  /** Most rows. */
  readonly k: number;
}

/**
 * Writes the rows of one query by rising distance, ties by item id, so that a longer list begins with the shorter one.
 * @returns how many rows were written; undefined where nodes beyond the found ones may tie with the last place, so that the
 *   query must be searched deeper
 */
export function orderRows(
  found: FoundNodes,
  query: number,
  nodes: NodeRows,
  { rows, distances, start, k }: OrderedRows,
): number | undefined {
  const { labels } = found;
  const first = query * found.depth;
  const end = first + found.counts[query]!;
  const mayGoOn = !found.isWhole && found.counts[query] === found.depth;
  let next = start;
  let place = first;
  while (place < end && next < start + k) {
    const distance = found.distances[place]!;
    let groupEnd = place + 1;
    while (groupEnd < end && found.distances[groupEnd] === distance) groupEnd++;
    if (groupEnd === end && mayGoOn) return undefined;
    for (const row of rowsOfGroup(labels.subarray(place, groupEnd), nodes)) {
      if (next === start + k) break;
      rows[next] = row;
      distances[next++] = distance;
    }
    place = groupEnd;
  }
  return next - start;
}

function rowsOfGroup(labels: Uint32Array, nodes: NodeRows): readonly number[] {
  if (labels.length === 1) return nodes.shownAt(labels[0]!);
  return Array.from(labels, (label) => nodes.shownAt(label))
    .flat()
    .sort((a, b) => nodes.compareIds(a, b));
}
