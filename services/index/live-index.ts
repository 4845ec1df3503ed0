import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { Catalogue } from './catalogue.ts';
import type { Generation, Intake } from './generation.ts';
import { Generations } from './generations.ts';
import { type GraphBuilderOptions, makeGraph, type ServedGeneration } from './graph-builder.ts';
import { HeldGenerations, type HeldGenerationsOptions } from './held-generations.ts';
import type { HnswParameters } from './hnsw.ts';
import { RefinedGraph } from './refined-graph.ts';
import type { Shard } from './shard.ts';
import { Takeover, type TakeoverOptions } from './takeover.ts';

export interface LiveIndexOptions extends GraphBuilderOptions, HeldGenerationsOptions, TakeoverOptions {
  readonly parameters: HnswParameters;
  /** Cosine from which items that look the same are near-duplicates, of which one is found; 1 lets all be found. */
  readonly duplicateCosine: number;
}

/**
 * The topics `embeddings`, `releases` and `items` as one searchable index. A generation is built beside the serving
 * one and takes over in one assignment; the one before keeps answering requests that name it for a while.
 */
export class LiveIndex {
  readonly catalogue = new Catalogue();
  readonly #generations: Generations;
  readonly #held: HeldGenerations;
  readonly #takeover: Takeover;
  readonly #options: LiveIndexOptions;

  constructor(options: LiveIndexOptions) {
    this.#options = options;
    this.#generations = new Generations(options.shard);
    this.#held = new HeldGenerations(options);
    const build = (generation: Generation): Promise<ServedGeneration> => this.#build(generation);
    this.#takeover = new Takeover(this.#generations, this.#held, build, options);
  }

  get shard(): Shard {
    return this.#options.shard;
  }

  /** What answers when no generation is named; undefined before the first is active. */
  get served(): ServedGeneration | undefined {
    return this.#held.served;
  }

  /** What answers for a generation: the served one, the one before or one that is about to serve. */
  find(id: string): ServedGeneration | undefined {
    return this.#held.find(id);
  }

  /** Ids of the generations that answer. */
  heldIds(): string[] {
    return this.#held.ids();
  }

  /** Whether a graph is being built and none serves yet. */
  get isBuildingFirst(): boolean {
    return this.#held.isBuildingFirst;
  }

  takeRelease(id: string, release: Release | null): void {
    if (release === null) {
      this.#generations.forget(id);
    } else {
      this.#report(id, this.#generations.takeRelease(release));
      if (release.state === 'rejected') this.#held.reject(id);
      if (release.state === 'retired') this.#held.giveUp(id);
    }
    this.#takeover.advance();
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
      this.#held.count();
    } else {
      this.#report(embedding.generation, [intake]);
    }
    this.#takeover.advance();
  }

  takeItem(itemId: string, item: Item | null): void {
    const wasKept = this.catalogue.isKept;
    if (!this.#options.shard.owns(itemId)) this.catalogue.markKept();
    else if (item === null) this.catalogue.withdraw(itemId);
    else this.catalogue.put(item);
    for (const refined of this.#held.graphs()) {
      const row = refined.generation.table?.rowOf(itemId);
      // The first word of a catalogue hides all that it does not list.
      if (!wasKept) refined.refreshAll();
      else if (row !== undefined) refined.refresh(row);
    }
    this.#held.count();
  }

  takeCaughtUp(): void {
    this.#generations.takeCaughtUp();
    this.#takeover.advance();
  }

  /** Builds and declares nothing more. */
  close(): void {
    this.#takeover.close();
    this.#held.close();
  }

  #takeTombstone(key: string): void {
    const name = parseEmbeddingKey(key);
    if (name === undefined) return;
    const row = this.#generations.get(name.generation)?.takeTombstone(name.itemId);
    if (row === undefined) return;
    for (const refined of this.#graphsOf(name.generation)) refined.refresh(row);
    this.#held.count();
  }

  #build(generation: Generation): Promise<ServedGeneration> {
    const begin = (): RefinedGraph => {
      const graph = new RefinedGraph(generation, this.catalogue, this.#options);
      this.#held.setBuilding(graph);
      return graph;
    };
    return makeGraph(begin, this.#held.served?.generation.id, this.#options);
  }

  #report(generation: string, intakes: readonly Intake[]): void {
    const { log, metrics } = this.#options;
    for (const intake of intakes) {
      if (typeof intake === 'object' || intake === 'waiting' || intake === 'elsewhere') continue;
      metrics.refusedVectors.inc({ reason: intake });
      log.warn({ generation, reason: intake }, 'vector passed over');
    }
  }

  #graphsOf(id: string): RefinedGraph[] {
    return this.#held.graphs().filter(({ generation }) => generation.id === id);
  }
}
