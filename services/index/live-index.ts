import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { Catalogue } from '#published/catalogue.ts';
import type { IngestOutcome } from '#published/generation.ts';
import { PublishedGenerations } from '#published/published-generations.ts';
import type { Shard } from '#published/shard.ts';
import { GraphBuilder, type GraphBuilderOptions, type SearchableGeneration } from './graph/graph-builder.ts';
import { HeldGenerations, type HeldGenerationsOptions } from './serving/held-generations.ts';
import { Takeover, type TakeoverOptions } from './serving/takeover.ts';

export interface LiveIndexOptions extends GraphBuilderOptions, HeldGenerationsOptions, TakeoverOptions {}

/**
 * The topics `embeddings`, `releases` and `items` as one searchable index. Each message changes the published state,
 * then the graphs that exist already; then the takeover checks whether a generation should be built or serve. A generation
 * is built beside the serving one and takes over in one assignment; the previous one keeps answering requests that name it
 * for a while.
 */
export class LiveIndex {
  readonly catalogue = new Catalogue();
  readonly #published: PublishedGenerations;
  readonly #held: HeldGenerations;
  readonly #takeover: Takeover;
  readonly #options: LiveIndexOptions;
  #isCaughtUp = false;

  constructor(options: LiveIndexOptions) {
    this.#options = options;
    this.#published = new PublishedGenerations(options.shard);
    const builder = new GraphBuilder(this.catalogue, options);
    this.#held = new HeldGenerations(options, (one) => builder.check(one).catch(options.onFailure));
    this.#takeover = new Takeover(this.#published, builder, this.#held, options);
  }

  /** Applies a message of `embeddings`. @param key generation/itemId */
  applyEmbedding(key: string, embedding: ItemEmbedding | null): void {
    if (embedding === null) {
      this.#withdrawEmbedding(key);
      return;
    }
    const { generation } = embedding;
    const outcome = this.#published.applyEmbedding(embedding);
    if (typeof outcome === 'object') this.#held.put(generation, outcome.row);
    else this.#report(generation, [outcome]);
    this.#takeover.advance();
  }

  /** Applies a message of `releases`; its key is the generation. @param isLater whether it came after the start */
  applyRelease(id: string, release: Release | null, isLater = false): void {
    if (release === null) {
      this.#published.forget(id);
    } else {
      const outcomes = this.#published.applyRelease(release, isLater);
      if (outcomes === undefined) {
        this.#ignoreStale(release);
        return;
      }
      this.#report(id, outcomes);
      if (release.state === 'rejected') this.#held.reject(id);
      if (release.state === 'retired') this.#held.giveUp(id);
    }
    this.#takeover.advance();
  }

  /** Applies a message of `items`. */
  applyItem(itemId: string, item: Item | null): void {
    const wasKept = this.catalogue.isKept;
    if (!this.#options.shard.owns(itemId)) this.catalogue.markKept();
    else if (item === null) this.catalogue.withdraw(itemId);
    else this.catalogue.put(item);
    if (wasKept) this.#held.refreshItem(itemId);
    // The first catalogue entry hides every item that the catalogue does not list, so all rows are checked again.
    else this.#held.refreshAll();
  }

  /** The topics were read to their ends. */
  markCaughtUp(): void {
    this.#isCaughtUp = true;
    this.#published.markCaughtUp();
    this.#takeover.advance();
  }

  /** Whether the catalogue and the releases are those of the log, rather than of its past. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  get shard(): Shard {
    return this.#options.shard;
  }

  /** The generation that answers when none is named; undefined before the first is active. */
  get served(): SearchableGeneration | undefined {
    return this.#held.served;
  }

  /** The generation that answers when it is named: the served one, the previous one or one that is about to serve. */
  find(id: string): SearchableGeneration | undefined {
    return this.#held.find(id);
  }

  /** Whether a generation that does not answer may answer later, rather than no longer. */
  mayCome(id: string): boolean {
    const served = this.#held.served?.generation.id;
    // The declaration that makes the served one active may not have come back through the log yet.
    const isPast = served !== undefined && id < served && this.#published.get(id)?.release === undefined;
    return !isPast && this.#published.mayCome(id);
  }

  /** Whether the topic `releases` names the generation. */
  isDeclared(id: string): boolean {
    return this.#published.isDeclared(id);
  }

  /** Ids of the generations that answer. */
  heldIds(): string[] {
    return this.#held.ids();
  }

  /** Whether a graph is being built and none serves yet. */
  get isBuildingFirst(): boolean {
    return this.#held.isBuildingFirst;
  }

  /** Builds and declares nothing more. */
  close(): void {
    this.#takeover.close();
    this.#held.close();
  }

  /** The release is declared again, because compaction keeps only the last declaration of a generation. */
  #ignoreStale(release: Release): void {
    const { log, shard, publish, onFailure } = this.#options;
    const { generation, state } = release;
    const restored = this.#published.restored(release);
    log.warn({ generation, state, current: restored?.state }, 'stale declaration of a release ignored');
    if (restored !== undefined && shard.place === 0) publish(restored).catch(onFailure);
  }

  #withdrawEmbedding(key: string): void {
    const name = parseEmbeddingKey(key);
    if (name === undefined) return;
    const row = this.#published.withdraw(name.generation, name.itemId);
    if (row !== undefined) this.#held.hide(name.generation, row);
  }

  /** Counts and logs the embeddings that were skipped. */
  #report(generation: string, outcomes: readonly IngestOutcome[]): void {
    const { log, metrics } = this.#options;
    for (const outcome of outcomes) {
      if (typeof outcome === 'object' || outcome === 'waiting' || outcome === 'elsewhere') continue;
      metrics.refusedVectors.inc({ reason: outcome });
      log.warn({ generation, reason: outcome }, 'vector skipped');
    }
  }
}
