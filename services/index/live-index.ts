import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { Catalogue } from './catalogue.ts';
import type { Generation, Intake } from './generation.ts';
import { Generations } from './generations.ts';
import { type GraphBuilderOptions, makeGraph, type ServedGeneration } from './graph-builder.ts';
import type { HnswParameters } from './hnsw.ts';
import { RefinedGraph } from './refined-graph.ts';

export interface LiveIndexOptions extends GraphBuilderOptions {
  readonly parameters: HnswParameters;
  /** Cosine from which items that look the same are near-duplicates, of which one is found; 1 lets all be found. */
  readonly duplicateCosine: number;
  /** Milliseconds that the generation before keeps answering requests which name it. */
  readonly keepRetiredMs: number;
  /** Declares a release; resolves when it is in the log. */
  readonly publish: (release: Release) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

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
  #building: RefinedGraph | undefined;
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
      for (const refined of this.#graphsOf(embedding.generation)) refined.put(intake.row);
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
    for (const refined of this.#graphs()) {
      const row = refined.generation.table?.rowOf(itemId);
      // The first word of a catalogue hides all that it does not list.
      if (!wasKept) refined.refreshAll();
      else if (row !== undefined) refined.refresh(row);
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
    for (const refined of this.#graphsOf(id)) refined.refresh(row);
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

  async #build(generation: Generation): Promise<ServedGeneration> {
    const begin = (): RefinedGraph => {
      this.#building = new RefinedGraph(generation, this.catalogue, this.#options);
      return this.#building;
    };
    try {
      return await makeGraph(begin, this.#served?.generation.id, this.#options);
    } finally {
      this.#building = undefined;
    }
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
    const { items, duplicates } = this.#options.metrics;
    items.set(this.#served?.graph.size ?? 0);
    duplicates.set(this.#served?.refined.duplicateCount ?? 0);
  }

  #answering(): ServedGeneration[] {
    return [this.#served, this.#previous].filter((one) => one !== undefined);
  }

  #graphs(): RefinedGraph[] {
    const held = this.#answering().map(({ refined }) => refined);
    return this.#building === undefined ? held : [...held, this.#building];
  }

  #graphsOf(id: string): RefinedGraph[] {
    return this.#graphs().filter(({ generation }) => generation.id === id);
  }
}
