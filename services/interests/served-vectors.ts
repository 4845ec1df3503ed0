import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector, VectorError } from '#contracts/vectors.ts';
import type { ServedVectors } from './update.ts';

const FLOAT_BYTES = 4;

interface Generation {
  readonly table: VectorTable;
  /** Items of the training, apart from those embedded later. */
  readonly trained: Set<string>;
}

/**
 * Vectors by generation as `embeddings` and `releases` tell them, and which generation is served: the one that was
 * activated last and whose trained vectors have all been read. Until they have, the one before stays, so that
 * vectors and α always belong together.
 */
export class ServedGenerations {
  readonly #generations = new Map<string, Generation>();
  readonly #releases = new Map<string, Release>();
  readonly #onFlip: (generation: string) => void;
  readonly #onVector: () => void;
  readonly #onInvalid: (itemId: string, reason: string) => void;
  #served: ServedVectors | undefined;

  constructor(options: {
    /** Called when another generation is served. */
    onFlip: (generation: string) => void;
    /** Called when the served generation gained the vector of an item. */
    onVector: () => void;
    /** Called for a vector that is passed over; its generation stays incomplete and is never served. */
    onInvalid: (itemId: string, reason: string) => void;
  }) {
    this.#onFlip = options.onFlip;
    this.#onVector = options.onVector;
    this.#onInvalid = options.onInvalid;
  }

  get served(): ServedVectors | undefined {
    return this.#served;
  }

  /** Takes a message of `releases`; null forgets the generation. */
  takeRelease(generation: string, release: Release | null): void {
    if (release === null) this.#releases.delete(generation);
    else this.#releases.set(generation, release);
    this.#flipIfComplete();
    this.#forgetIfOver(generation);
  }

  /** Takes a message of `embeddings`; a tombstone needs nothing, since the release says when a generation is over. */
  takeEmbedding(embedding: ItemEmbedding | null): void {
    if (embedding === null || this.#isOver(embedding.generation)) return;
    const { generation: name, itemId, vector: bytes, origin } = embedding;
    try {
      const generation = this.#generationFor(name, bytes);
      generation.table.set(itemId, decodeVector(bytes, generation.table.dimension));
      if (origin === 'trained') generation.trained.add(itemId);
    } catch (error) {
      if (!(error instanceof VectorError)) throw error;
      this.#onInvalid(itemId, error.message);
      return;
    }
    if (this.#served?.generation === name) this.#onVector();
    else this.#flipIfComplete();
  }

  /** The first vector says the dimension where the release has not been read yet. */
  #generationFor(name: string, bytes: Buffer): Generation {
    let generation = this.#generations.get(name);
    if (generation !== undefined) return generation;
    const dimension = this.#releases.get(name)?.dimension ?? bytes.length / FLOAT_BYTES;
    if (!Number.isInteger(dimension) || dimension < 1)
      throw new VectorError('is no list of float32', 'vector');
    generation = { table: new VectorTable(dimension), trained: new Set() };
    this.#generations.set(name, generation);
    return generation;
  }

  #flipIfComplete(): void {
    let newest: Release | undefined;
    for (const release of this.#releases.values()) {
      if (release.state !== 'active') continue;
      if (newest === undefined || release.updatedAt > newest.updatedAt) newest = release;
    }
    if (newest === undefined || newest.generation === this.#served?.generation) return;
    const generation = this.#generations.get(newest.generation);
    if (generation === undefined || generation.trained.size < newest.itemCount) return;
    const { table } = generation;
    const previous = this.#served?.generation;
    this.#served = {
      generation: newest.generation,
      alpha: newest.alpha,
      vectorOf: (itemId) => table.get(itemId),
    };
    if (previous !== undefined) this.#forgetIfOver(previous);
    this.#onFlip(newest.generation);
  }

  #isOver(generation: string): boolean {
    const state = this.#releases.get(generation)?.state;
    return state === 'rejected' || (state === 'retired' && this.#served?.generation !== generation);
  }

  #forgetIfOver(generation: string): void {
    if (this.#isOver(generation)) this.#generations.delete(generation);
  }
}
