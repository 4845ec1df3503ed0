import { type CanServe, ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { Generation, type IngestOutcome } from './generation.ts';
import type { Shard } from './shard.ts';

/**
 * The generations that the topics `releases` and `embeddings` describe, and which of them should serve: a function of the
 * topics alone, without I/O or clock.
 *
 * The generation that should serve is the one whose release was declared active last, in log order, unless a complete
 * `ready` one is newer: then that one takes over. Nothing is decided before the log was read to its end, because the middle
 * of the log describes the past.
 */
export class PublishedGenerations {
  readonly #ledger = new ReleaseLedger();
  readonly #byId = new Map<string, Generation>();
  readonly #shard: Shard;
  #caughtUp = false;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  get(id: string): Generation | undefined {
    return this.#byId.get(id);
  }

  /**
   * @param isLater whether the declaration came after the start, so that the vectors before it may not all be read when the log of
   *   the start is
   * @returns the outcome for each embedding that had waited for this release; undefined for a stale declaration
   */
  applyRelease(release: Release, isLater = false): IngestOutcome[] | undefined {
    if (!this.#ledger.declare(release.generation, release)) return undefined;
    return this.#find(release.generation).applyRelease(release, isLater);
  }

  /** Applies a tombstone of a release: the generation is gone for good. */
  forget(id: string): void {
    this.#ledger.declare(id, null);
    this.#byId.delete(id);
  }

  applyEmbedding(embedding: ItemEmbedding): IngestOutcome {
    return this.#find(embedding.generation).applyEmbedding(embedding);
  }

  /** @returns the row that lost its vector; undefined when there was none */
  withdraw(id: string, itemId: string): number | undefined {
    const generation = this.#byId.get(id);
    const row = generation?.withdraw(itemId);
    if (generation !== undefined) this.#freeIfOver(generation);
    return row;
  }

  markCaughtUp(): void {
    this.#caughtUp = true;
    for (const generation of this.#byId.values()) {
      generation.markCaughtUp();
      this.#freeIfOver(generation);
    }
  }

  /** The generation that was declared active last, of those that can serve. */
  active(): Generation | undefined {
    return this.#generationOf(this.#ledger.active(this.#isServable));
  }

  /** The generation that should serve, once it can be searched everywhere; undefined while none can. */
  wanted(): Generation | undefined {
    const release = this.#ledger.successor(this.#isServable) ?? this.#ledger.active(this.#isServable);
    return this.#generationOf(release);
  }

  /** The declaration to write after a stale one, so that compaction keeps the right one; undefined where none is needed. */
  restored({ generation }: Release): Release | undefined {
    return this.#caughtUp ? this.#ledger.restored(generation) : undefined;
  }

  /** Whether a generation that is not held may be held later, rather than no longer. */
  mayCome(id: string): boolean {
    return !this.#caughtUp || this.#ledger.mayCome(id);
  }

  /** Whether a release of the generation was declared. */
  isDeclared(id: string): boolean {
    return this.#ledger.get(id) !== undefined;
  }

  /** Whether the generation is the one that was declared active last, whether it can serve here or not. */
  isNamed(id: string): boolean {
    return this.#ledger.active()?.generation === id;
  }

  /** Releases declared active other than `id`, which a flip to `id` retires. */
  supersededBy(id: string): Release[] {
    return this.#ledger.supersededBy(id);
  }

  /** The vectors of a past generation leave the log one by one. Its release stays there, and nothing else has to be kept. */
  #freeIfOver(generation: Generation): void {
    if (generation.isEmpty && !this.mayCome(generation.id)) generation.freeTable();
  }

  #find(id: string): Generation {
    let generation = this.#byId.get(id);
    if (generation === undefined) {
      generation = new Generation(id, this.#shard);
      this.#byId.set(id, generation);
    }
    return generation;
  }

  #generationOf(release: Release | undefined): Generation | undefined {
    return release && this.#byId.get(release.generation);
  }

  /** No generation is servable before the log was read to its end. */
  readonly #isServable: CanServe = ({ generation }) =>
    this.#caughtUp && this.#byId.get(generation)?.isServable === true;
}
