import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector, VectorError } from '#contracts/vectors.ts';

/** Why a vector was passed over; also the label of the metric that counts it. `invalid`: wrong length or not finite. */
export type Refusal = 'invalid' | 'zero' | 'rejected-generation';

/** What became of an embedding: the row it took, that it waits for its release, or why it was passed over. */
export type Intake = { readonly row: number } | 'waiting' | Refusal;

/** What the log says about one generation: its release and its vectors. */
export class Generation {
  readonly id: string;
  #release: Release | undefined;
  #table: VectorTable | undefined;
  /** Embeddings read before their release: the two topics have no common order. */
  readonly #waiting = new Map<string, ItemEmbedding>();
  readonly #present = new Set<number>();
  readonly #trained = new Set<number>();
  #complete = false;
  #isRefused = false;

  constructor(id: string) {
    this.id = id;
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

  /** Complete, and something to find. An empty generation would blank out everything, so it never serves. */
  get isServable(): boolean {
    const state = this.#release?.state;
    if (state === 'rejected' || (state === 'ready' && this.#isRefused)) return false;
    return this.#complete && this.#present.size > 0;
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
    else this.#table ??= new VectorTable(release.dimension, release.itemCount);
    const intakes = [...this.#waiting.values()].map((embedding) => this.takeEmbedding(embedding));
    this.#waiting.clear();
    this.#judge();
    return intakes;
  }

  takeEmbedding(embedding: ItemEmbedding): Intake {
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
    if (state === 'active' || state === 'retired') this.#complete = true;
  }

  #judge(): void {
    const { itemCount = 0 } = this.#release ?? {};
    if (itemCount > 0 && this.#trained.size >= itemCount) this.#complete = true;
  }

  #forgetVectors(): void {
    this.#table = undefined;
    this.#present.clear();
    this.#trained.clear();
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
