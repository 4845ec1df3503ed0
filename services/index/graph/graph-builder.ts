import type { Logger } from 'pino';
import type { Catalogue } from '#published/catalogue.ts';
import type { Generation } from '#published/generation.ts';
import type { IndexMetrics } from '../metrics.ts';
import type { SavedQuality, Snapshots } from '../snapshots/snapshots.ts';
import type { HnswGraph, HnswParameters } from './hnsw.ts';
import { createPacer } from './pacer.ts';
import { type GraphQuality, reachRecall } from './recall.ts';
import { RefinedGraph } from './refined-graph.ts';

/** A generation with its graph. It may serve, be held for callers that name it, or not answer yet. */
export interface SearchableGeneration {
  readonly generation: Generation;
  readonly graph: HnswGraph;
  readonly refined: RefinedGraph;
  /** As measured when the graph was built. */
  readonly quality: GraphQuality;
}

export interface GraphBuilderOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  readonly parameters: HnswParameters;
  /** Cosine from which items that look the same are near-duplicates, of which one is found; 1 lets all be found. */
  readonly duplicateCosine: number;
  /** Candidates kept while searching; doubled for a generation that does not reach `recallMinimum`. */
  readonly efSearch: number;
  /** Recall at 10 below which a generation does not take over, 0 to 1. */
  readonly recallMinimum: number;
  /** The place where graphs are kept for the next start, if there is one. */
  readonly snapshots: Snapshots | undefined;
}

export interface BuildRequest {
  /** A generation whose snapshot stays beside the one of the new graph. */
  readonly keepSnapshotOf: string | undefined;
  /** Is given each graph in the step in which it is created: from then on the graph must be told of every change. */
  readonly onBegin: (refined: RefinedGraph) => void;
}

const BUILD_SLICE_MS = 5;
/** A scan of so many different vectors of 64 numbers takes 4 ms; a search among more than that must be by the graph. */
export const LARGEST_SCAN = 50_000;

/** Makes generations searchable: reads their graphs from snapshots or builds them, and measures their recall. */
export class GraphBuilder {
  readonly #catalogue: Catalogue;
  readonly #options: GraphBuilderOptions;

  constructor(catalogue: Catalogue, options: GraphBuilderOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
  }

  /**
   * Reads the graph of a generation from its snapshot where that reaches the recall, else builds it and saves it for the
   * next start.
   * @param generation one whose release is known
   */
  async build(
    generation: Generation,
    { keepSnapshotOf, onBegin }: BuildRequest,
  ): Promise<SearchableGeneration> {
    const { snapshots, recallMinimum, metrics } = this.#options;
    const begin = (): RefinedGraph => {
      const refined = new RefinedGraph(generation, this.#catalogue, this.#options);
      onBegin(refined);
      return refined;
    };
    const restored = snapshots && (await this.#link(begin(), snapshots));
    if (restored && restored.quality.recallAt10 >= recallMinimum) {
      metrics.restored.inc();
      return restored;
    }
    const built = (await this.#link(begin()))!;
    // Saved before it serves, because a graph applies no changes while it is saved.
    await snapshots?.save(generation.id, generation.table!, built, keepSnapshotOf);
    return this.#scanIfShort(built);
  }

  /** Measures the recall again after many arrivals: `efSearch` is raised, or searches become exact, where it is short. */
  async check(searchable: SearchableGeneration): Promise<void> {
    const { refined } = searchable;
    this.#scanIfShort({ ...searchable, quality: await this.#measure(refined, createPacer(BUILD_SLICE_MS)) });
  }

  async #measure(refined: RefinedGraph, pause: () => Promise<void> | undefined): Promise<GraphQuality> {
    const { metrics, efSearch, recallMinimum: minimum } = this.#options;
    const { graph, table } = refined;
    refined.beginCheck();
    const isVisible = (row: number): boolean => refined.isVisible(row);
    const quality = await reachRecall({ graph, table, isVisible, minimum, efSearch, pause });
    metrics.recall.set(quality.recallAt10);
    metrics.efSearch.set(quality.efSearch);
    return quality;
  }

  /**
   * Takes over what was measured before the graph was saved, because exact searches among a million vectors take longer than everything else at a start.
   * @returns undefined where nothing is known, or the recall of then is not enough
   */
  #adopt(refined: RefinedGraph, saved: SavedQuality | undefined): GraphQuality | undefined {
    const { metrics, recallMinimum } = this.#options;
    if (saved === undefined || !(saved.recallAt10 >= recallMinimum)) return undefined;
    const efSearch = Math.max(saved.efSearch, this.#options.efSearch);
    refined.beginCheck();
    refined.graph.setEfSearch(efSearch);
    metrics.recall.set(saved.recallAt10);
    metrics.efSearch.set(efSearch);
    return { recallAt10: saved.recallAt10, efSearch, isExact: false };
  }

  /** Where the graph does not reach the recall, searches are exact, unless there are too many vectors for that. */
  #scanIfShort(built: SearchableGeneration): SearchableGeneration {
    const { log, metrics, recallMinimum } = this.#options;
    const { graph, generation, quality } = built;
    if (quality.recallAt10 >= recallMinimum || graph.distinctSize > LARGEST_SCAN) return built;
    graph.searchExactly();
    metrics.recall.set(1);
    const { recallAt10 } = quality;
    log.warn(
      { generation: generation.id, recallAt10, recallMinimum },
      'recall is too low: searches are exact',
    );
    return { ...built, quality: { ...quality, recallAt10: 1, isExact: true } };
  }

  /** @returns undefined where `snapshots` are given and hold no snapshot that fits */
  async #link(refined: RefinedGraph, snapshots?: Snapshots): Promise<SearchableGeneration | undefined> {
    const { log, metrics } = this.#options;
    const { generation, graph } = refined;
    const table = generation.table!;
    const started = performance.now();
    const pause = createPacer(BUILD_SLICE_MS);
    await refined.compareAll(pause);
    const restored = await snapshots?.restore(generation.id, table, graph);
    if (snapshots !== undefined && restored === undefined) return undefined;
    await graph.build(pause);
    const seconds = (performance.now() - started) / 1_000;
    const quality = this.#adopt(refined, restored?.quality) ?? (await this.#measure(refined, pause));
    metrics.buildSeconds.set(seconds);
    const counts = { items: graph.size, duplicates: refined.duplicateCount };
    const origin = snapshots ? 'read from its snapshot' : 'built';
    log.info({ generation: generation.id, ...counts, seconds, ...quality }, `generation ${origin}`);
    return { generation, graph, refined, quality };
  }
}
