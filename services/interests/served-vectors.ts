import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector, VectorError } from '#contracts/vectors.ts';

const FLOAT_BYTES = 4;

/**
 * The vectors and the cut height of the generation that is served. As long as it is the same object, an item that has a
 * vector keeps it; others may gain one.
 */
export interface ServedVectors {
  readonly generation: string;
  readonly alpha: number;
  /** Looks up the vectors of these items; the answer gives undefined for one that has none. */
  vectorsOf(itemIds: readonly string[]): Promise<(itemId: string) => Float32Array | undefined>;
}

/** What tells which generation is served; fed with the topics `releases` and `embeddings` by their keys. */
export interface VectorSource {
  /** Undefined before the first generation is served. */
  readonly served: ServedVectors | undefined;
  /** Takes a message of `releases`; null says that the generation is gone for good. */
  takeRelease(generation: string, release: Release | null): void;
  /** Takes a message of `embeddings`; its key is `generation/itemId`, and null withdraws the vector. */
  takeEmbedding(key: string, embedding: ItemEmbedding | null): void;
  /** Both topics were read to their ends; before, nothing is served, since their middle describes the past. */
  takeCaughtUp(): void;
}

interface Vectors {
  readonly table: VectorTable;
  /** Items of the training that were ever read, apart from those embedded later. */
  readonly trained: Set<string>;
  /** Items whose vector was tombstoned: rows of the table stay where they are. */
  readonly withdrawn: Set<string>;
}

export interface ServedGenerationsEvents {
  /** Called when another generation is served. */
  readonly onFlip: (generation: string) => void;
  /** Called when the served generation gained the vector of an item. */
  readonly onVector: () => void;
  /** Called for a vector that is passed over; its generation stays incomplete and is never served. */
  readonly onInvalid: (itemId: string, reason: string) => void;
}

/**
 * Vectors by generation as `embeddings` and `releases` tell them, and which generation is served: the one that was
 * declared active last, in log order, once all its trained vectors have been read. Until they have, the one before
 * stays, so that vectors and α always belong together. Nothing is decided before both topics were read to their
 * ends, because their middle describes the past.
 *
 * A retired generation is kept for as long as the log holds its vectors, to roll back to.
 */
export class ServedGenerations implements VectorSource {
  readonly #vectors = new Map<string, Vectors>();
  readonly #ledger = new ReleaseLedger();
  readonly #complete = new Set<string>();
  readonly #events: ServedGenerationsEvents;
  #caughtUp = false;
  #served: ServedVectors | undefined;

  constructor(events: ServedGenerationsEvents) {
    this.#events = events;
  }

  get served(): ServedVectors | undefined {
    return this.#served;
  }

  /** Generations whose vectors are in memory. */
  get held(): string[] {
    return [...this.#vectors.keys()];
  }

  takeRelease(generation: string, release: Release | null): void {
    this.#ledger.declare(generation, release);
    if (this.#ledger.isOver(generation)) this.#vectors.delete(generation);
    this.#judge(generation);
    this.#flip();
  }

  takeEmbedding(key: string, embedding: ItemEmbedding | null): void {
    if (embedding === null) this.#withdraw(key);
    else if (!this.#ledger.isOver(embedding.generation)) this.#add(embedding);
  }

  /**
   * A generation that was served before this start had been complete then: what
   * the log still holds of it is all there will be, since items may have been withdrawn from it.
   */
  takeCaughtUp(): void {
    this.#caughtUp = true;
    for (const { state, generation } of this.#ledger.declared) {
      if (state === 'active' || state === 'retired') this.#complete.add(generation);
    }
    this.#flip();
  }

  #add({ generation, itemId, vector: bytes, origin }: ItemEmbedding): void {
    try {
      const { table, trained, withdrawn } = this.#vectorsOf(generation, bytes);
      const isNew = table.rowOf(itemId) === undefined;
      table.set(itemId, decodeVector(bytes, table.dimension));
      withdrawn.delete(itemId);
      if (!isNew) this.#renew(generation);
      if (origin === 'trained') trained.add(itemId);
    } catch (error) {
      if (!(error instanceof VectorError)) throw error;
      this.#events.onInvalid(itemId, error.message);
      return;
    }
    if (this.#served?.generation === generation) this.#events.onVector();
    this.#judge(generation);
    this.#flip();
  }

  /** The first vector says the dimension where the release has not been read yet. */
  #vectorsOf(generation: string, bytes: Buffer): Vectors {
    let vectors = this.#vectors.get(generation);
    if (vectors !== undefined) return vectors;
    const dimension = this.#ledger.get(generation)?.dimension ?? bytes.length / FLOAT_BYTES;
    if (!Number.isInteger(dimension) || dimension < 1)
      throw new VectorError('is no list of float32', 'vector');
    vectors = { table: new VectorTable(dimension), trained: new Set(), withdrawn: new Set() };
    this.#vectors.set(generation, vectors);
    return vectors;
  }

  #withdraw(key: string): void {
    const name = parseEmbeddingKey(key);
    if (name === undefined) return;
    const { generation, itemId } = name;
    const vectors = this.#vectors.get(generation);
    if (vectors?.table.rowOf(itemId) === undefined) return;
    vectors.withdrawn.add(itemId);
    this.#renew(generation);
    if (vectors.withdrawn.size === vectors.table.size) this.#vectors.delete(generation);
  }

  /** Once complete a generation stays so: a withdrawn item does not make it half-published again. */
  #judge(generation: string): void {
    const { itemCount = 0 } = this.#ledger.get(generation) ?? {};
    const trained = this.#vectors.get(generation)?.trained.size ?? 0;
    if (itemCount > 0 && trained >= itemCount) this.#complete.add(generation);
  }

  #flip(): void {
    if (!this.#caughtUp) return;
    const active = this.#ledger.active();
    if (!active || active.generation === this.#served?.generation) return;
    const { generation, alpha } = active;
    if (!this.#complete.has(generation) || !this.#vectors.has(generation)) return;
    this.#serve(generation, alpha);
    this.#events.onFlip(generation);
  }

  #serve(generation: string, alpha: number): void {
    const vectorOf = (itemId: string) => this.#vectorOf(generation, itemId);
    this.#served = { generation, alpha, vectorsOf: async () => vectorOf };
  }

  /** A vector of the generation was replaced or withdrawn. */
  #renew(generation: string): void {
    if (this.#served?.generation === generation) this.#serve(generation, this.#served.alpha);
  }

  #vectorOf(generation: string, itemId: string): Float32Array | undefined {
    const vectors = this.#vectors.get(generation);
    return vectors?.withdrawn.has(itemId) ? undefined : vectors?.table.get(itemId);
  }
}
