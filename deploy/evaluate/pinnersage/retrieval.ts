import { exactTopK } from '#algorithms/retrieval/exact.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { dot } from '#algorithms/vectors.ts';

/** Minimum cosine at which a candidate is relevant for a later action: PinnerSage, KDD 2020, §5.1. */
const RELEVANT_COSINE = 0.8;

/** One of the vectors that represent a user, of length 1. */
export interface Embedding {
  readonly vector: Float32Array;
  /** Row of the item with this vector, if there is one. */
  readonly row?: number;
}

export interface RetrievalOutcome {
  /** Of each later action, whether a candidate is near its item. */
  readonly isRelevant: readonly boolean[];
  /** Of each later action, whether its item is a candidate. */
  readonly isHit: readonly boolean[];
}

/** Candidates by exact search, and their evaluation by later actions. Items are rows of the table. */
export class Retrieval {
  readonly #vectors: VectorTable;
  readonly #candidates: number;
  readonly #near = new Map<number, Int32Array>();
  /** The `candidates` nearest of a row, the nearest first. */
  readonly #nearest = new Map<number, Int32Array>();
  /** The round in which a row was last a candidate, which avoids clearing between rounds. */
  readonly #recommendedIn: Uint32Array;
  #round = 0;

  /** Rows of `vectors` must have length 1. There are at most `candidates` at a time. */
  constructor(vectors: VectorTable, candidates: number) {
    this.#vectors = vectors;
    this.#candidates = candidates;
    this.#recommendedIn = new Uint32Array(vectors.size);
  }

  /** The candidates are ⌊candidates/e⌋ neighbours of each of the e embeddings (PinnerSage, KDD 2020, §5.1). */
  score(embeddings: readonly Embedding[], later: readonly number[]): RetrievalOutcome {
    this.#round++;
    const share = Math.floor(this.#candidates / embeddings.length);
    for (const embedding of embeddings) {
      for (const row of this.#neighbours(embedding, share)) this.#recommendedIn[row] = this.#round;
    }
    return {
      isRelevant: later.map((row) => this.#nearTo(row).some((other) => this.#isRecommended(other))),
      isHit: later.map((row) => this.#isRecommended(row)),
    };
  }

  #neighbours({ vector, row }: Embedding, k: number): Int32Array {
    if (row === undefined) return this.#search(vector, k);
    let nearest = this.#nearest.get(row);
    if (nearest === undefined) {
      nearest = this.#search(vector, this.#candidates);
      this.#nearest.set(row, nearest);
    }
    return nearest.subarray(0, k);
  }

  #search(query: Float32Array, k: number): Int32Array {
    const matrix = this.#vectors.matrix();
    return exactTopK({ matrix, dim: this.#vectors.dimension, query, k }).rows;
  }

  #isRecommended(row: number): boolean {
    return this.#recommendedIn[row] === this.#round;
  }

  /** The rows with a cosine of at least 0.8, itself included. */
  #nearTo(row: number): Int32Array {
    let near = this.#near.get(row);
    if (near === undefined) {
      const own = this.#vectors.at(row);
      const rows = Int32Array.from({ length: this.#vectors.size }, (_, other) => other);
      near = rows.filter((other) => other === row || dot(own, this.#vectors.at(other)) >= RELEVANT_COSINE);
      this.#near.set(row, near);
    }
    return near;
  }
}
