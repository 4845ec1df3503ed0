import { exactTopK } from '#algorithms/retrieval/exact.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { HnswGraph } from './hnsw.ts';

/** Scores are float32 in the graph and double in the scan. */
const TOLERANCE = 1e-5;

/**
 * Share of the true `k` nearest rows that the graph finds, in the mean over `sampleSize` rows spread evenly over the
 * table; 1 where nothing is visible. A neighbour counts when its score reaches the true k-th, so that ties do not.
 */
export async function measureRecall(options: {
  graph: HnswGraph;
  table: VectorTable;
  isVisible: (row: number) => boolean;
  k: number;
  sampleSize: number;
  pause: () => Promise<void> | undefined;
}): Promise<number> {
  const { graph, table, isVisible, k, sampleSize, pause } = options;
  const stride = Math.max(1, Math.floor(table.size / sampleSize));
  let found = 0;
  let wanted = 0;
  for (let row = 0; row < table.size; row += stride) {
    const { scores } = exactTopK({
      matrix: table.matrix(),
      dim: table.dimension,
      query: table.at(row),
      k,
      isExcluded: (candidate) => !isVisible(candidate),
    });
    const least = (scores.at(-1) ?? 0) - TOLERANCE;
    wanted += scores.length;
    found += graph.search(table.at(row), k).filter(({ score }) => score >= least).length;
    await pause();
  }
  return wanted === 0 ? 1 : found / wanted;
}
