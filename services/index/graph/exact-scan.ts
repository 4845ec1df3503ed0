import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { TopK } from '#algorithms/top-k.ts';
import type { Nodes } from './nodes.ts';

interface Found {
  /** n × k: of each query its nearest nodes, the nearest first. */
  readonly labels: Uint32Array;
  /** n × k: 1 − cosine. */
  readonly distances: Float32Array;
  /** n: how many nodes each query found. */
  readonly counts: Uint32Array;
}

/**
 * Searches by a full scan of the vectors that can be found, O(nodes · dimension) a query.
 * @param queries n × dimension, row-major
 * @param found is filled
 * @throws RangeError for a query of a different dimension, or with a component that is not finite
 */
export function scanNodes(
  table: VectorTable,
  nodes: Nodes,
  queries: Float32Array,
  k: number,
  { labels, distances, counts }: Found,
): void {
  const { dimension } = table;
  if (queries.length % dimension !== 0 || !queries.every(Number.isFinite)) {
    throw new RangeError(`queries must be finite vectors of ${dimension} numbers`);
  }
  const matrix = table.matrix();
  const visible: number[] = [];
  for (let label = 0; label < nodes.count; label++) if (nodes.isShown(label)) visible.push(label);
  for (const query of counts.keys()) {
    const top = new TopK(Math.min(k, visible.length));
    for (const label of visible) {
      let score = 0;
      let at = nodes.representatives[label]! * dimension;
      for (let i = query * dimension; i < (query + 1) * dimension; i++) score += queries[i]! * matrix[at++]!;
      top.offer(label, score);
    }
    const size = top.size;
    const best = new Int32Array(size);
    const scores = new Float64Array(size);
    top.drainInto(best, scores);
    labels.set(best, query * k);
    for (let place = 0; place < size; place++) distances[query * k + place] = 1 - scores[place]!;
    counts[query] = size;
  }
}
