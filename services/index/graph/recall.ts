import { exactTopK } from '#algorithms/retrieval/exact.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { dot } from '#algorithms/vectors.ts';
import type { HnswGraph } from './hnsw.ts';

/** The recall of a graph against exact search, and the candidates that each search keeps to reach it. */
export interface GraphQuality {
  /**
   * Share of the true 10 nearest items that the graph finds, 0 to 1, in the mean over a sample: the smaller one of that over
   * its items, and that over items which lie apart, so that many alike do not speak for the others.
   */
  readonly recallAt10: number;
  /** Candidates kept while searching. */
  readonly efSearch: number;
  /** Whether searches scan all vectors, because the graph does not reach the minimum. */
  readonly isExact: boolean;
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
/** Two items of the second sample have at most this cosine. */
const APART = 0.8;
/** Most numbers that are multiplied to find items that lie apart: about a second. */
const COST_OF_APART = 5e8;
/** Scores are float32 in the graph and double in the scan. */
const TOLERANCE = 1e-5;

/**
 * Doubles the graph's efSearch until its recall reaches the minimum, or efSearch its limit. The graph keeps the last
 * one tried, which is the one that is returned.
 */
export async function reachRecall(search: RecallSearch): Promise<GraphQuality> {
  const rows = search.graph.distinctRows();
  const samples = [sampleEvenly(rows), await sampleApart(search, rows)];
  const truths: Truth[][] = [];
  for (const sample of samples) truths.push(await findTruth(search, sample));
  for (let { efSearch } = search; ; efSearch = Math.min(efSearch * 2, EF_SEARCH_LIMIT)) {
    search.graph.setEfSearch(efSearch);
    let recallAt10 = 1;
    for (const truth of truths) recallAt10 = Math.min(recallAt10, await measureRecall(search, truth));
    const isEnough = recallAt10 >= search.minimum;
    if (isEnough || efSearch >= EF_SEARCH_LIMIT) return { recallAt10, efSearch, isExact: false };
  }
}

/** The result of an exact search near one row. */
interface Truth {
  readonly row: number;
  readonly count: number;
  /** Score of the last true neighbour: a neighbour counts when it reaches this score, so that ties do not matter. */
  readonly leastScore: number;
}

/** Rows of different vectors, spread evenly. */
function sampleEvenly(rows: readonly number[]): number[] {
  const stride = Math.max(1, Math.floor(rows.length / SAMPLE_SIZE));
  return rows.filter((_, place) => place % stride === 0);
}

/** The first rows that lie apart from all chosen before them. */
async function sampleApart({ table, pause }: RecallSearch, rows: readonly number[]): Promise<number[]> {
  const chosen: number[] = [];
  let cost = 0;
  for (const row of rows) {
    if (chosen.length === SAMPLE_SIZE || cost > COST_OF_APART) break;
    const vector = table.at(row);
    cost += chosen.length * table.dimension;
    if (chosen.every((other) => dot(table.at(other), vector) <= APART)) chosen.push(row);
    await pause();
  }
  return chosen;
}

async function findTruth({ table, isVisible, pause }: RecallSearch, sample: number[]): Promise<Truth[]> {
  const truth: Truth[] = [];
  for (const row of sample) {
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
