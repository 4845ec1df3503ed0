import { exactTopK } from '#algorithms/retrieval/exact.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { HnswGraph } from './hnsw.ts';

/** The recall of a graph against exact search, and the candidates that each search keeps to reach it. */
export interface GraphQuality {
  /** Share of the true 10 nearest items that the graph finds, 0 to 1, in the mean over a sample of its items. */
  readonly recallAt10: number;
  /** Candidates kept while searching. */
  readonly efSearch: number;
}

export interface RecallSearch {
  readonly graph: HnswGraph;
  readonly table: VectorTable;
  readonly isVisible: (row: number) => boolean;
  /** Recall to reach, 0 to 1. */
  readonly minimum: number;
  /** The first efSearch that is tried. */
  readonly efSearch: number;
  /** Awaited between two searches; may yield. */
  readonly pause: () => Promise<void> | undefined;
}

/** No search keeps more candidates, however low its recall: a graph that needs more is itself at fault. */
export const EF_SEARCH_LIMIT = 2_000;

const DEPTH = 10;
const SAMPLE_SIZE = 100;
/** Scores are float32 in the graph and double in the scan. */
const TOLERANCE = 1e-5;

/**
 * Doubles the graph's efSearch until its recall reaches the minimum, or efSearch its limit. The graph keeps the last
 * one tried, which is the one that is returned.
 */
export async function reachRecall(search: RecallSearch): Promise<GraphQuality> {
  const truth = await findTruth(search);
  for (let { efSearch } = search; ; efSearch = Math.min(efSearch * 2, EF_SEARCH_LIMIT)) {
    search.graph.setEfSearch(efSearch);
    const recallAt10 = await measureRecall(search, truth);
    if (recallAt10 >= search.minimum || efSearch >= EF_SEARCH_LIMIT) return { recallAt10, efSearch };
  }
}

/** The result of an exact search near one row. */
interface Truth {
  readonly row: number;
  readonly count: number;
  /** Score of the last true neighbour: a neighbour counts when it reaches this score, so that ties do not matter. */
  readonly leastScore: number;
}

/** For rows spread evenly over the table. */
async function findTruth({ table, isVisible, pause }: RecallSearch): Promise<Truth[]> {
  const truth: Truth[] = [];
  const stride = Math.max(1, Math.floor(table.size / SAMPLE_SIZE));
  for (let row = 0; row < table.size; row += stride) {
    const { scores } = exactTopK({
      matrix: table.matrix(),
      dim: table.dimension,
      query: table.at(row),
      k: DEPTH,
      isExcluded: (candidate) => !isVisible(candidate),
    });
    truth.push({ row, count: scores.length, leastScore: (scores.at(-1) ?? 0) - TOLERANCE });
    await pause();
  }
  return truth;
}

/** 1 where nothing is visible. */
async function measureRecall(
  { graph, table, pause }: RecallSearch,
  truth: readonly Truth[],
): Promise<number> {
  let found = 0;
  let wanted = 0;
  for (const { row, count, leastScore } of truth) {
    wanted += count;
    const near = graph.search(table.at(row), DEPTH).filter(({ score }) => score >= leastScore);
    // An item that became visible since the scan may be among them.
    found += Math.min(near.length, count);
    await pause();
  }
  return wanted === 0 ? 1 : found / wanted;
}
