import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
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
  #served: ServedVectors | undefined;

  /**
   * @param onFlip called when another generation is served
   * @param onVector called when the served generation gained the vector of an item
   */
  constructor(onFlip: (generation: string) => void, onVector: () => void) {
    this.#onFlip = onFlip;
    this.#onVector = onVector;
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

  /**
   * Takes a message of `embeddings`; a tombstone needs nothing, since the release says when a generation is over.
   * Throws an error that names the fault when the vector has another length or is not finite.
   */
  takeEmbedding(embedding: ItemEmbedding | null): void {
    if (embedding === null || this.#isOver(embedding.generation)) return;
    const { generation: name, itemId, vector, origin } = embedding;
    let generation = this.#generations.get(name);
    if (generation === undefined) {
      const dimension = this.#releases.get(name)?.dimension ?? vector.length / FLOAT_BYTES;
      generation = { table: new VectorTable(dimension), trained: new Set() };
      this.#generations.set(name, generation);
    }
    generation.table.set(itemId, decodeVector(vector, generation.table.dimension));
    if (origin === 'trained') generation.trained.add(itemId);
    if (this.#served?.generation === name) this.#onVector();
    else this.#flipIfComplete();
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
