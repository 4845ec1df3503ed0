import { setTimeout as delay } from 'node:timers/promises';
import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import { MAX_VECTORS } from '#index-client/limits.ts';
import { BoundedMap } from './bounded-map.ts';
import type { ServedVectors, VectorSource } from './served-vectors.ts';

const RETRY_MS = 200;

export interface IndexVectorsOptions {
  readonly index: Pick<IndexClient, 'vectors'>;
  /** Vectors kept at most, and items known to have none. */
  readonly maximum: number;
  readonly signal: AbortSignal;
  /** Called when another generation is served. */
  readonly onFlip: (generation: string) => void;
  /** Called when the served generation gained the vector of an item. */
  readonly onVector: () => void;
  /** Called before an unanswered request is made again. */
  readonly onWait: (reason: string) => void;
}

type Cache = BoundedMap<string, Float32Array | null>;

/**
 * Vectors for catalogues beyond memory: those in use are kept, others are asked of the index, which declares a
 * generation active once it holds it whole. `embeddings` then only tells which of them changed, and needs to be read
 * from now on alone.
 */
export class IndexVectors implements VectorSource {
  readonly #options: IndexVectorsOptions;
  readonly #ledger = new ReleaseLedger();
  #caughtUp = false;
  #served: ServedVectors | undefined;
  #cache: Cache;

  constructor(options: IndexVectorsOptions) {
    this.#options = options;
    this.#cache = this.#emptyCache();
  }

  get served(): ServedVectors | undefined {
    return this.#served;
  }

  takeRelease(generation: string, release: Release | null): void {
    this.#ledger.declare(generation, release);
    this.#flip();
  }

  takeEmbedding(key: string, embedding: ItemEmbedding | null): void {
    const name = parseEmbeddingKey(key);
    if (this.#served === undefined || name?.generation !== this.#served.generation) return;
    this.#cache.delete(name.itemId);
    // An inductive vector is the first of its item; any other message may end what was clustered with the old one.
    if (embedding?.origin !== 'inductive') this.#serve(this.#served, this.#cache);
    if (embedding !== null) this.#options.onVector();
  }

  takeCaughtUp(): void {
    this.#caughtUp = true;
    this.#flip();
  }

  #flip(): void {
    const active = this.#ledger.active();
    if (!this.#caughtUp || !active || active.generation === this.#served?.generation) return;
    this.#cache = this.#emptyCache();
    this.#serve(active, this.#cache);
    this.#options.onFlip(active.generation);
  }

  #serve({ generation, alpha }: Pick<ServedVectors, 'generation' | 'alpha'>, cache: Cache): void {
    this.#served = {
      generation,
      alpha,
      vectorsOf: (itemIds) => this.#vectorsOf(generation, itemIds, cache),
    };
  }

  async #vectorsOf(
    generation: string,
    itemIds: readonly string[],
    cache: Cache,
  ): Promise<(itemId: string) => Float32Array | undefined> {
    // What was found is kept aside: a small cache may forget the first of these items before the last has come.
    const found = new Map<string, Float32Array | null>();
    const missing: string[] = [];
    for (const itemId of itemIds) {
      const cached = cache.get(itemId);
      if (cached === undefined) missing.push(itemId);
      else found.set(itemId, cached);
    }
    for (let start = 0; start < missing.length; start += MAX_VECTORS) {
      const asked = missing.slice(start, start + MAX_VECTORS);
      const vectors = await this.#ask(generation, asked);
      if (vectors === undefined) break;
      for (const itemId of asked) {
        const bytes = vectors[itemId];
        const vector = bytes === undefined ? null : decode(bytes);
        found.set(itemId, vector);
        cache.set(itemId, vector);
      }
    }
    return (itemId) => found.get(itemId) ?? undefined;
  }

  /**
   * The index's answer; undefined when it no longer holds the generation: interests in the next one follow. An index that
   * does not answer is waited for: the lag grows, nothing is lost.
   */
  async #ask(
    generation: string,
    itemIds: readonly string[],
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { index, signal, onWait } = this.#options;
    for (;;) {
      try {
        return await index.vectors(generation, itemIds);
      } catch (error) {
        if (error instanceof TributaryError && error.code === 'generation.unknown') return undefined;
        if (signal.aborted || !(error instanceof TributaryError && error.retryable)) throw error;
        onWait(reasonOf(error));
        await delay(RETRY_MS);
      }
    }
  }

  #emptyCache(): Cache {
    return new BoundedMap(this.#options.maximum, () => 1);
  }
}

function decode(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return decodeVector(bytes, bytes.length / Float32Array.BYTES_PER_ELEMENT);
}
