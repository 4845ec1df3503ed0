import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import { MAX_VECTORS } from '#index-client/limits.ts';
import type { EmbeddingSpace, VectorEvents, VectorSource } from './vector-source.ts';

const RETRY_MS = 200;

export interface IndexVectorsOptions extends VectorEvents {
  readonly index: Pick<IndexClient, 'vectors'>;
  /** Largest number of items whose vectors, or lack of one, are cached. */
  readonly maximum: number;
  readonly signal: AbortSignal;
  /** Called before a request that failed is repeated. */
  readonly onWait: (reason: string) => void;
}

type Cache = LRUCache<string, Float32Array>;

/** Stands in the cache for an item that has no vector. */
const NO_VECTOR = new Float32Array(0);

/**
 * Vectors for catalogues that are larger than memory: those in use are cached, the others are requested from the index, which
 * declares a generation active once it holds all of it. The topic `embeddings` then only serves to notice which vectors
 * changed, so that only new messages need to be read.
 */
export class IndexVectors implements VectorSource {
  readonly #options: IndexVectorsOptions;
  readonly #ledger = new ReleaseLedger();
  #caughtUp = false;
  #served: EmbeddingSpace | undefined;
  #cache: Cache;

  constructor(options: IndexVectorsOptions) {
    this.#options = options;
    this.#cache = this.#emptyCache();
  }

  get served(): EmbeddingSpace | undefined {
    return this.#served;
  }

  applyRelease(generation: string, release: Release | null): void {
    this.#ledger.declare(generation, release);
    this.#flip();
  }

  applyEmbedding(key: string, embedding: ItemEmbedding | null): void {
    const name = parseEmbeddingKey(key);
    if (this.#served === undefined || name?.generation !== this.#served.generation) return;
    this.#cache.delete(name.itemId);
    // An inductive vector is the first of its item; any other message may replace a vector that windows were clustered with.
    if (embedding?.origin !== 'inductive') this.#serve(this.#served, this.#cache);
    if (embedding !== null) this.#options.onVector();
  }

  markCaughtUp(): void {
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

  #serve({ generation, alpha }: Pick<EmbeddingSpace, 'generation' | 'alpha'>, cache: Cache): void {
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
    // Collected outside the cache too: a small cache may evict the first of these items before the last is there.
    const found = new Map<string, Float32Array>();
    const missing: string[] = [];
    for (const itemId of itemIds) {
      const cached = cache.get(itemId);
      if (cached === undefined) missing.push(itemId);
      else found.set(itemId, cached);
    }
    for (let start = 0; start < missing.length; start += MAX_VECTORS) {
      const requested = missing.slice(start, start + MAX_VECTORS);
      const vectors = await this.#request(generation, requested);
      if (vectors === undefined) break;
      for (const itemId of requested) {
        const bytes = vectors[itemId];
        const vector = bytes === undefined ? NO_VECTOR : decode(bytes);
        found.set(itemId, vector);
        cache.set(itemId, vector);
      }
    }
    return (itemId) => {
      const vector = found.get(itemId);
      return vector === NO_VECTOR ? undefined : vector;
    };
  }

  /**
   * Requests vectors until the index answers: meanwhile the lag grows and nothing is lost.
   * @returns undefined when the index no longer holds the generation; interests in the next generation follow
   */
  async #request(
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
    // By size instead of `max`, for which the cache would allocate all its entries at once.
    return new LRUCache({ maxSize: this.#options.maximum, sizeCalculation: () => 1 });
  }
}

function decode(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return decodeVector(bytes, bytes.length / Float32Array.BYTES_PER_ELEMENT);
}
