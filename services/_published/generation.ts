import { DenseRowSet } from '#algorithms/retrieval/dense-rows.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { VectorError, VectorReader } from '#contracts/vectors.ts';
import type { Shard } from './shard.ts';

/** Why a vector was skipped; also the label of the metric that counts it. `invalid`: wrong length or not finite. */
export type VectorFault = 'invalid' | 'zero' | 'rejected-generation';

/**
 * The outcome for one embedding: it took a row, it waits for its release, a different shard holds it, or it was skipped for a
 * fault.
 */
export type IngestOutcome = { readonly row: number } | 'waiting' | 'elsewhere' | VectorFault;

/** One generation as the log describes it: its release and the vectors of this shard, a row each. */
export class Generation {
  readonly id: string;
  readonly #shard: Shard;
  #release: Release | undefined;
  #table: VectorTable | undefined;
  #reader: VectorReader | undefined;
  /** Embeddings read before their release: the two topics have no common order. */
  readonly #waiting = new Map<string, ItemEmbedding>();
  readonly #present = new DenseRowSet();
  readonly #trained = new DenseRowSet();
  /** Items of other shards with a trained vector, until the generation is complete. */
  readonly #trainedElsewhere = new Set<string>();
  /**
   * Whether every trained vector was there at some moment. Once complete it stays so: later tombstones withdraw
   * single items, they do not make the generation half-published again.
   */
  #complete = false;
  /** Whether the log of the start held the release after its training, and so all of its vectors. */
  #wasPublished = false;
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
   * Complete, and something to find. An empty generation would blank out everything, so it never serves; one of several
   * shards may have no item of it.
   */
  get isServable(): boolean {
    const state = this.#release?.state;
    if (state === 'rejected' || (state === 'ready' && this.#isRefused)) return false;
    return this.#complete && (this.#present.size > 0 || this.#shard.count > 1);
  }

  /** Its recall is too low: it does not take over while it is `ready`. The state `active` in the log overrules that. */
  refuse(): void {
    this.#isRefused = true;
  }

  isPresent(row: number): boolean {
    return this.#present.has(row);
  }

  /** Whether the vector of the row comes from training, rather than from the trained model later. */
  isTrained(row: number): boolean {
    return this.#trained.has(row);
  }

  /** @returns the outcome for each embedding that had waited for the release */
  applyRelease(release: Release, isLater = false): IngestOutcome[] {
    this.#release = release;
    if (!isLater && release.state !== 'building') this.#wasPublished = true;
    if (release.state === 'rejected') this.#forgetVectors();
    else this.#table ??= new VectorTable(release.dimension, this.#rowsOf(release));
    const intakes = [...this.#waiting.values()].map((embedding) => this.applyEmbedding(embedding));
    this.#waiting.clear();
    this.#markIfComplete();
    return intakes;
  }

  applyEmbedding(embedding: ItemEmbedding): IngestOutcome {
    if (!this.#shard.owns(embedding.itemId)) {
      const isCounted = !this.#complete && this.#release?.state !== 'rejected';
      if (isCounted && embedding.origin === 'trained') this.#trainedElsewhere.add(embedding.itemId);
      this.#markIfComplete();
      return 'elsewhere';
    }
    if (this.#release === undefined) {
      this.#waiting.set(embedding.itemId, embedding);
      return 'waiting';
    }
    if (this.#release.state === 'rejected') return 'rejected-generation';
    this.#table ??= new VectorTable(this.#release.dimension);
    const vector = this.#readUnitVector(embedding.vector, this.#table.dimension);
    if (typeof vector === 'string') return vector;
    const row = this.#table.set(embedding.itemId, vector);
    this.#present.add(row);
    if (embedding.origin === 'trained') this.#trained.add(row);
    this.#markIfComplete();
    return { row };
  }

  /** Applies the tombstone of an item's vector. @returns the row that lost its vector; undefined when there was none */
  withdraw(itemId: string): number | undefined {
    this.#waiting.delete(itemId);
    this.#trainedElsewhere.delete(itemId);
    const row = this.#table?.rowOf(itemId);
    if (row === undefined || !this.#present.delete(row)) return undefined;
    this.#trained.delete(row);
    return row;
  }

  /** Whether no vector of this shard is here. */
  get isEmpty(): boolean {
    return this.#present.size === 0 && this.#waiting.size === 0;
  }

  /** Frees the memory for vectors, of a generation that is empty. A vector that comes later is the first of a new table. */
  freeTable(): void {
    this.#table = undefined;
    this.#reader = undefined;
  }

  /**
   * The log was read to the end that it had at the start. A generation that had been published by then and was served had been
   * complete, and the log holds all of its vectors that are left. One that was published since may still lack some here.
   */
  markCaughtUp(): void {
    const state = this.#release?.state;
    if (this.#wasPublished && (state === 'active' || state === 'retired')) this.#markComplete();
  }

  /** Vectors for which the table has room at first. A past generation may have none left, and its table grows as they come. */
  #rowsOf({ state, itemCount }: Release): number | undefined {
    return state === 'retired' ? undefined : Math.ceil(itemCount / this.#shard.count);
  }

  #markIfComplete(): void {
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
    this.#reader = undefined;
    this.#present.clear();
    this.#trained.clear();
    this.#trainedElsewhere.clear();
    this.#complete = false;
  }

  /** The vector, scaled to length 1 because float32 rounds, until the next one is read; or the fault for which it cannot be indexed. */
  #readUnitVector(bytes: Buffer, dimension: number): Float32Array | VectorFault {
    this.#reader ??= new VectorReader(dimension);
    try {
      const vector = this.#reader.read(bytes);
      return normaliseInPlace(vector) ? vector : 'zero';
    } catch (error) {
      if (error instanceof VectorError) return 'invalid';
      throw error;
    }
  }
}
