import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector, VectorError } from '#contracts/vectors.ts';
import type { Shard } from './shard.ts';

/** Why a vector was passed over; also the label of the metric that counts it. `invalid`: wrong length or not finite. */
export type Refusal = 'invalid' | 'zero' | 'rejected-generation';

/**
 * What became of an embedding: the row it took, that it waits for its release or is held by another shard, or why it was
 * passed over.
 */
export type Intake = { readonly row: number } | 'waiting' | 'elsewhere' | Refusal;

/** What the log says about one generation: its release and the vectors of this shard. */
export class Generation {
  readonly id: string;
  readonly #shard: Shard;
  #release: Release | undefined;
  #table: VectorTable | undefined;
  /** Embeddings read before their release: the two topics have no common order. */
  readonly #waiting = new Map<string, ItemEmbedding>();
  readonly #present = new Set<number>();
  readonly #trained = new Set<number>();
  /** Items of other shards with a trained vector, until the generation is complete. */
  readonly #trainedElsewhere = new Set<string>();
  #complete = false;
  #isRefused = false;

  constructor(id: string, shard: Shard) {
    this.id = id;
    this.#shard = shard;
  }

  get release(): Release | undefined {
    return this.#release;
  }

  get table(): VectorTable | undefined {
    return this.#table;
  }

  /**
   * Whether every trained vector was there at some moment. Once complete it stays so: later tombstones withdraw
   * single items, they do not make the generation half-published again.
   */
  get isComplete(): boolean {
    return this.#complete;
  }

  /**
   * Complete, and something to find. An empty generation would blank out everything, so it never serves; one of several
   * shards may have no item of it.
   */
  get isServable(): boolean {
    const state = this.#release?.state;
    if (state === 'rejected' || (state === 'ready' && this.#isRefused)) return false;
    return this.#complete && (this.#present.size > 0 || this.#shard.count > 1);
  }

  /** Its graph finds too little: it does not take over while it is `ready`. `active` in the log overrules that. */
  refuse(): void {
    this.#isRefused = true;
  }

  isPresent(row: number): boolean {
    return this.#present.has(row);
  }

  /** Whether its vector comes from training, and not from the model once it was trained. */
  isTrained(row: number): boolean {
    return this.#trained.has(row);
  }

  /** @returns what became of each embedding that had waited for the release. */
  takeRelease(release: Release): Intake[] {
    this.#release = release;
    if (release.state === 'rejected') this.#forgetVectors();
    else this.#table ??= new VectorTable(release.dimension, Math.ceil(release.itemCount / this.#shard.count));
    const intakes = [...this.#waiting.values()].map((embedding) => this.takeEmbedding(embedding));
    this.#waiting.clear();
    this.#judge();
    return intakes;
  }

  takeEmbedding(embedding: ItemEmbedding): Intake {
    if (!this.#shard.owns(embedding.itemId)) {
      const isCounted = !this.#complete && this.#release?.state !== 'rejected';
      if (isCounted && embedding.origin === 'trained') this.#trainedElsewhere.add(embedding.itemId);
      this.#judge();
      return 'elsewhere';
    }
    if (this.#release === undefined) {
      this.#waiting.set(embedding.itemId, embedding);
      return 'waiting';
    }
    if (this.#table === undefined) return 'rejected-generation';
    const vector = readUnitVector(embedding.vector, this.#table.dimension);
    if (typeof vector === 'string') return vector;
    const row = this.#table.set(embedding.itemId, vector);
    this.#present.add(row);
    if (embedding.origin === 'trained') this.#trained.add(row);
    this.#judge();
    return { row };
  }

  /** @returns the row that went, undefined when there was none. */
  takeTombstone(itemId: string): number | undefined {
    this.#waiting.delete(itemId);
    this.#trainedElsewhere.delete(itemId);
    const row = this.#table?.rowOf(itemId);
    if (row === undefined || !this.#present.delete(row)) return undefined;
    this.#trained.delete(row);
    return row;
  }

  /**
   * The log was read to its end. A generation that was served before this start had been complete then, and what
   * the log still holds of it is all there will be.
   */
  takeCaughtUp(): void {
    const state = this.#release?.state;
    if (state === 'active' || state === 'retired') this.#markComplete();
  }

  #judge(): void {
    const { itemCount = 0 } = this.#release ?? {};
    const trained = this.#trained.size + this.#trainedElsewhere.size;
    if (itemCount > 0 && trained >= itemCount) this.#markComplete();
  }

  #markComplete(): void {
    this.#complete = true;
    this.#trainedElsewhere.clear();
  }

  #forgetVectors(): void {
    this.#table = undefined;
    this.#present.clear();
    this.#trained.clear();
    this.#trainedElsewhere.clear();
    this.#complete = false;
  }
}

/** The vector, scaled to length 1 against rounding on its way, or why it cannot be indexed. */
function readUnitVector(bytes: Buffer, dimension: number): Float32Array | Refusal {
  try {
    const vector = decodeVector(bytes, dimension);
    return normaliseInPlace(vector) ? vector : 'zero';
  } catch (error) {
    if (error instanceof VectorError) return 'invalid';
    throw error;
  }
}
