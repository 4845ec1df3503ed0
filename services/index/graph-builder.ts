import type { Logger } from 'pino';
import { createPacer, type HnswGraph } from './hnsw.ts';
import type { IndexMetrics } from './metrics.ts';
import { type GraphQuality, reachRecall } from './recall.ts';
import type { RefinedGraph } from './refined-graph.ts';
import type { Snapshots } from './snapshots.ts';

/** A generation with the graph that answers for it. */
export interface ServedGeneration {
  readonly generation: RefinedGraph['generation'];
  readonly graph: HnswGraph;
  readonly refined: RefinedGraph;
  /** As measured when the graph was built. */
  readonly quality: GraphQuality;
}

export interface GraphBuilderOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  /** Candidates kept while searching; doubled for a generation that does not reach `recallMinimum`. */
  readonly efSearch: number;
  /** Recall at 10 below which a generation does not take over, 0 to 1. */
  readonly recallMinimum: number;
  /** Where graphs are kept for the next start, if anywhere. */
  readonly snapshots: Snapshots | undefined;
}

const BUILD_SLICE_MS = 5;

/**
 * The graph of a generation, read from its snapshot where that still finds enough, else built, and saved for the next start.
 * @param begin a graph without links, which from then on is told of every change
 * @param keep a generation whose snapshot stays
 */
export async function makeGraph(
  begin: () => RefinedGraph,
  keep: string | undefined,
  options: GraphBuilderOptions,
): Promise<ServedGeneration> {
  const { snapshots, recallMinimum, metrics } = options;
  const restored = snapshots && (await link(begin(), options, snapshots));
  if (restored && restored.quality.recallAt10 >= recallMinimum) {
    metrics.restored.inc();
    return restored;
  }
  const built = (await link(begin(), options))!;
  // Before it serves, because changes of a graph wait while it is saved.
  await snapshots?.save(built.generation.id, built.generation.table!, built.graph, keep);
  return built;
}

/** @returns undefined where `snapshots` are given and hold none that fits */
async function link(
  refined: RefinedGraph,
  { log, metrics, efSearch, recallMinimum: minimum }: GraphBuilderOptions,
  snapshots?: Snapshots,
): Promise<ServedGeneration | undefined> {
  const { generation, graph } = refined;
  const table = generation.table!;
  const started = performance.now();
  const pause = createPacer(BUILD_SLICE_MS);
  await refined.judgeAll(pause);
  if (snapshots && !(await snapshots.restore(generation.id, table, graph))) return undefined;
  await graph.build(pause);
  const seconds = (performance.now() - started) / 1_000;
  const isVisible = (row: number): boolean => refined.isVisible(row);
  const quality = await reachRecall({ graph, table, isVisible, minimum, efSearch, pause });
  metrics.buildSeconds.set(seconds);
  metrics.recall.set(quality.recallAt10);
  metrics.efSearch.set(quality.efSearch);
  const counts = { items: graph.size, duplicates: refined.duplicateCount };
  const origin = snapshots ? 'read from its snapshot' : 'built';
  log.info({ generation: generation.id, ...counts, seconds, ...quality }, `generation ${origin}`);
  return { generation, graph, refined, quality };
}
