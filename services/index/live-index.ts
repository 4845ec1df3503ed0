import type { Logger } from 'pino';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { Catalogue } from './catalogue.ts';
import type { Generation, Intake } from './generation.ts';
import { Generations } from './generations.ts';
import { createPacer, HnswGraph, type HnswParameters } from './hnsw.ts';
import type { IndexMetrics } from './metrics.ts';
import { type GraphQuality, reachRecall } from './recall.ts';
import type { Snapshots } from './snapshots.ts';

interface GenerationGraph {
  readonly generation: Generation;
  readonly graph: HnswGraph;
}

/** A generation with the graph that answers for it. */
export interface ServedGeneration extends GenerationGraph {
  /** As measured when the graph was built. */
  readonly quality: GraphQuality;
}

export interface LiveIndexOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  readonly parameters: HnswParameters;
  /** Candidates kept while searching; doubled for a generation that does not reach `recallMinimum`. */
  readonly efSearch: number;
  /** Recall at 10 below which a generation does not take over, 0 to 1. */
  readonly recallMinimum: number;
  /** Where graphs are kept for the next start, if anywhere. */
  readonly snapshots: Snapshots | undefined;
  /** Milliseconds that the generation before keeps answering requests which name it. */
  readonly keepRetiredMs: number;
  /** Declares a release; resolves when it is in the log. */
  readonly publish: (release: Release) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

const BUILD_SLICE_MS = 5;

/**
 * The topics `embeddings`, `releases` and `items` as one searchable index. A generation is built beside the serving
 * one and takes over in one assignment; the one before keeps answering requests that name it for a while.
 */
export class LiveIndex {
  readonly catalogue = new Catalogue();
  readonly #generations = new Generations();
  readonly #options: LiveIndexOptions;
  #served: ServedGeneration | undefined;
  #previous: ServedGeneration | undefined;
  #building: GenerationGraph | undefined;
  #dropTimer: NodeJS.Timeout | undefined;
  #advancing: Promise<void> | undefined;
  /** The release that was declared active last: until it comes back through the log, the log still calls it ready. */
  #declared: Release | undefined;
  #closed = false;

  constructor(options: LiveIndexOptions) {
    this.#options = options;
  }

  /** What answers when no generation is named; undefined before the first is active. */
  get served(): ServedGeneration | undefined {
    return this.#served;
  }

  /** What answers for a generation, the served one or the one before. */
  find(id: string): ServedGeneration | undefined {
    return this.#answering().find(({ generation }) => generation.id === id);
  }

  /** Ids of the generations that answer. */
  heldIds(): string[] {
    return this.#answering().map(({ generation }) => generation.id);
  }

  /** Whether a generation is to serve and none does yet. */
  get isBuildingFirst(): boolean {
    return this.#served === undefined && this.#advancing !== undefined;
  }

  takeRelease(id: string, release: Release | null): void {
    if (release === null) {
      this.#generations.forget(id);
    } else {
      this.#report(id, this.#generations.takeRelease(release));
      if (release.state === 'rejected') this.#stopAnswering(id);
    }
    this.#advance();
  }

  /** @param key generation/itemId */
  takeEmbedding(key: string, embedding: ItemEmbedding | null): void {
    if (embedding === null) {
      this.#takeTombstone(key);
      return;
    }
    const intake = this.#generations.takeEmbedding(embedding);
    if (typeof intake === 'object') {
      for (const graph of this.#graphsOf(embedding.generation)) graph.put(intake.row);
      if (this.#served?.generation.id === embedding.generation) this.#countItems();
    } else {
      this.#report(embedding.generation, [intake]);
    }
    this.#advance();
  }

  takeItem(itemId: string, item: Item | null): void {
    const wasKept = this.catalogue.isKept;
    if (item === null) this.catalogue.withdraw(itemId);
    else this.catalogue.put(item);
    for (const { generation, graph } of this.#graphs()) {
      const row = generation.table?.rowOf(itemId);
      // The first word of a catalogue hides all that it does not list.
      if (!wasKept) graph.refreshAll();
      else if (row !== undefined) graph.refresh(row);
    }
    this.#countItems();
  }

  takeCaughtUp(): void {
    this.#generations.takeCaughtUp();
    this.#advance();
  }

  /** Builds and declares nothing more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#dropTimer);
  }

  #takeTombstone(key: string): void {
    const slash = key.indexOf('/');
    const id = key.slice(0, slash);
    const row = this.#generations.get(id)?.takeTombstone(key.slice(slash + 1));
    if (row === undefined) return;
    for (const graph of this.#graphsOf(id)) graph.refresh(row);
    if (this.#served?.generation.id === id) this.#countItems();
  }

  /** Starts what the state asks for, unless it is under way; it looks again at its end. */
  #advance(): void {
    if (this.#advancing !== undefined || !this.#isBehind()) return;
    this.#advancing = this.#catchUpWithWanted()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#advancing = undefined;
      });
  }

  #isBehind(): boolean {
    if (this.#closed) return false;
    const wanted = this.#generations.wanted();
    if (wanted === undefined) return false;
    return wanted !== this.#served?.generation || this.#isUndeclared(wanted);
  }

  /** What serves may be made ready again by hand, before a flip away from it; the others follow what is active. */
  #isUndeclared({ release }: Generation): boolean {
    return release?.state === 'ready' && release !== this.#declared;
  }

  async #catchUpWithWanted(): Promise<void> {
    while (this.#isBehind()) {
      const wanted = this.#generations.wanted()!;
      const next = this.find(wanted.id) ?? (await this.#build(wanted));
      // Building took a while: what was wanted may have been rejected or superseded.
      if (this.#closed || this.#generations.wanted() !== wanted) continue;
      if (!this.#mayTakeOver(next)) continue;
      if (next !== this.#served) this.#flip(next);
      await this.#declare(next);
    }
  }

  /** Read from its snapshot where that still finds enough, else built, and saved for the next start. */
  async #build(generation: Generation): Promise<ServedGeneration> {
    const { snapshots, recallMinimum } = this.#options;
    const table = generation.table!;
    try {
      const restored = snapshots && (await this.#makeGraph(generation, table, snapshots));
      if (restored && restored.quality.recallAt10 >= recallMinimum) {
        this.#options.metrics.restored.inc();
        return restored;
      }
      const built = (await this.#makeGraph(generation, table))!;
      // Before it serves, because changes of a graph wait while it is saved.
      await snapshots?.save(generation.id, table, built.graph, this.#served?.generation.id);
      return built;
    } finally {
      this.#building = undefined;
    }
  }

  /** @returns undefined where `snapshots` are given and hold none that fits */
  async #makeGraph(
    generation: Generation,
    table: VectorTable,
    snapshots?: Snapshots,
  ): Promise<ServedGeneration | undefined> {
    const { log, metrics, parameters, efSearch, recallMinimum: minimum } = this.#options;
    const started = performance.now();
    const isVisible = (row: number): boolean =>
      generation.isPresent(row) && this.catalogue.isVisible(table.idAt(row)!);
    const graph = new HnswGraph(table, parameters, isVisible);
    const pause = createPacer(BUILD_SLICE_MS);
    this.#building = { generation, graph };
    if (snapshots && !(await snapshots.restore(generation.id, table, graph))) return undefined;
    await graph.build(pause);
    const seconds = (performance.now() - started) / 1_000;
    const quality = await reachRecall({ graph, table, isVisible, minimum, efSearch, pause });
    metrics.buildSeconds.set(seconds);
    metrics.recall.set(quality.recallAt10);
    metrics.efSearch.set(quality.efSearch);
    const origin = snapshots ? 'read from its snapshot' : 'built';
    log.info({ generation: generation.id, items: graph.size, seconds, ...quality }, `generation ${origin}`);
    return { generation, graph, quality };
  }

  /**
   * A generation below the minimum recall is refused, unless the log declares it active: then the other stages have
   * flipped to it, and answering it less well is better than not at all.
   */
  #mayTakeOver({ generation, quality }: ServedGeneration): boolean {
    const { log, metrics, recallMinimum } = this.#options;
    if (quality.recallAt10 >= recallMinimum) return true;
    const isActive = generation.release?.state === 'active';
    const outcome = isActive ? 'serves, because it is declared active' : 'does not take over';
    log.error({ generation: generation.id, ...quality, recallMinimum }, `recall is too low: ${outcome}`);
    if (!isActive) {
      generation.refuse();
      metrics.refusedGenerations.inc();
    }
    return isActive;
  }

  /** Requests meet the old generation before the first assignment and the new one after it, never a mixture. */
  #flip(next: ServedGeneration): void {
    const { log, metrics, keepRetiredMs } = this.#options;
    const before = this.#served;
    this.#served = next;
    this.#previous = before;
    clearTimeout(this.#dropTimer);
    this.#dropTimer = setTimeout(() => {
      this.#previous = undefined;
    }, keepRetiredMs).unref();
    metrics.flips.inc();
    this.#countItems();
    log.info({ from: before?.generation.id, to: next.generation.id, items: next.graph.size }, 'flipped');
  }

  /** A rejected generation answers nobody from this moment, even where nothing else can. */
  #stopAnswering(id: string): void {
    if (this.#served?.generation.id === id) this.#served = undefined;
    if (this.#previous?.generation.id === id) this.#previous = undefined;
    this.#countItems();
  }

  /** Writing it twice is harmless, so that any number of replicas may do it. */
  async #declare({ generation: { id, release }, quality }: ServedGeneration): Promise<void> {
    const { publish } = this.#options;
    const updatedAt = Date.now();
    if (release?.state === 'ready') {
      this.#declared = release;
      const { recallAt10: indexRecallAt10, efSearch: indexEfSearch } = quality;
      const metrics = { ...release.metrics, indexRecallAt10, indexEfSearch };
      await publish({ ...release, state: 'active', updatedAt, metrics, reason: null });
    }
    for (const earlier of this.#generations.supersededBy(id)) {
      await publish({ ...earlier, state: 'retired', updatedAt, reason: `superseded by ${id}` });
    }
  }

  #report(generation: string, intakes: readonly Intake[]): void {
    const { log, metrics } = this.#options;
    for (const reason of intakes) {
      if (typeof reason === 'object' || reason === 'waiting') continue;
      metrics.refusedVectors.inc({ reason });
      log.warn({ generation, reason }, 'vector passed over');
    }
  }

  #countItems(): void {
    this.#options.metrics.items.set(this.#served?.graph.size ?? 0);
  }

  #answering(): ServedGeneration[] {
    return [this.#served, this.#previous].filter((one) => one !== undefined);
  }

  #graphs(): GenerationGraph[] {
    return [this.#served, this.#previous, this.#building].filter((one) => one !== undefined);
  }

  #graphsOf(id: string): HnswGraph[] {
    return this.#graphs()
      .filter(({ generation }) => generation.id === id)
      .map(({ graph }) => graph);
  }
}
