import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { VectorError, VectorReader } from '#contracts/vectors.ts';
import type { EmbeddingSpace, VectorEvents, VectorSource } from './vector-source.ts';

const FLOAT_BYTES = 4;

interface Vectors {
  readonly table: VectorTable;
  readonly reader: VectorReader;
  /** Items of the training that were ever read, apart from those embedded later. */
  readonly trained: Set<string>;
  /** Items whose vector was tombstoned: rows of the table stay where they are. */
  readonly withdrawn: Set<string>;
  /**
   * Views of the table that were returned since its last change. The clusterings of all users share them, and a view costs
   * more than the search for its row.
   */
  readonly views: Map<string, Float32Array>;
}

export interface LogVectorsEvents extends VectorEvents {
  /** Called for a vector that is skipped; its generation stays incomplete and is never served. */
  readonly onInvalid: (itemId: string, reason: string) => void;
}

/**
 * All vectors in memory, by generation, from `embeddings` and `releases`. The served generation is the one whose
 * release was declared active last, in log order, once all its trained vectors have been read. Until then the previous one
 * stays, so that vectors and α always belong together.
 *
 * A retired generation is kept as long as the log holds its vectors, so that a rollback finds them.
 */
export class LogVectors implements VectorSource {
  readonly #vectors = new Map<string, Vectors>();
  readonly #ledger = new ReleaseLedger();
  readonly #complete = new Set<string>();
  readonly #events: LogVectorsEvents;
  #caughtUp = false;
  #served: EmbeddingSpace | undefined;

  constructor(events: LogVectorsEvents) {
    this.#events = events;
  }

  get served(): EmbeddingSpace | undefined {
    return this.#served;
  }

  applyRelease(generation: string, release: Release | null): void {
    this.#ledger.declare(generation, release);
    if (this.#ledger.isOver(generation)) this.#vectors.delete(generation);
    this.#markIfComplete(generation);
    this.#flip();
  }

  applyEmbedding(key: string, embedding: ItemEmbedding | null): void {
    if (embedding === null) this.#withdraw(key);
    else if (!this.#ledger.isOver(embedding.generation)) this.#add(embedding);
  }

  /**
   * A generation that was served before this start had been complete then. Items may have been withdrawn from it since, so
   * the log holds all of its vectors that are left.
   */
  markCaughtUp(): void {
    this.#caughtUp = true;
    for (const { state, generation } of this.#ledger.declared) {
      if (state === 'active' || state === 'retired') this.#complete.add(generation);
    }
    this.#flip();
  }

  #add({ generation, itemId, vector: bytes, origin }: ItemEmbedding): void {
    try {
      const { table, reader, trained, withdrawn, views } = this.#vectorsOf(generation, bytes);
      const isNew = table.rowOf(itemId) === undefined;
      table.set(itemId, reader.read(bytes));
      withdrawn.delete(itemId);
      views.clear();
      if (!isNew) this.#renew(generation);
      if (origin === 'trained') trained.add(itemId);
    } catch (error) {
      if (!(error instanceof VectorError)) throw error;
      this.#events.onInvalid(itemId, error.message);
      return;
    }
    if (this.#served?.generation === generation) this.#events.onVector();
    this.#markIfComplete(generation);
    this.#flip();
  }

  /** The first vector sets the dimension if the release has not been read yet. */
  #vectorsOf(generation: string, bytes: Buffer): Vectors {
    let vectors = this.#vectors.get(generation);
    if (vectors !== undefined) return vectors;
    const dimension = this.#ledger.get(generation)?.dimension ?? bytes.length / FLOAT_BYTES;
    if (!Number.isInteger(dimension) || dimension < 1)
      throw new VectorError('is no list of float32', 'vector');
    vectors = {
      table: new VectorTable(dimension),
      reader: new VectorReader(dimension),
      trained: new Set(),
      withdrawn: new Set(),
      views: new Map(),
    };
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
    vectors.views.delete(itemId);
    this.#renew(generation);
    if (vectors.withdrawn.size === vectors.table.size) this.#vectors.delete(generation);
  }

  /** Once complete a generation stays so: a withdrawn item does not make it half-published again. */
  #markIfComplete(generation: string): void {
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
    if (vectors === undefined) return undefined;
    let view = vectors.views.get(itemId);
    if (view === undefined && !vectors.withdrawn.has(itemId)) {
      view = vectors.table.get(itemId);
      if (view !== undefined) vectors.views.set(itemId, view);
    }
    return view;
  }
}
