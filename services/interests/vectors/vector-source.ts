import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';

/**
 * The vectors of one generation and the height α at which its dendrograms are cut. In one and the same object, an item that
 * has a vector keeps it, and other items may gain one.
 */
export interface EmbeddingSpace {
  readonly generation: string;
  readonly alpha: number;
  /** Looks up the vectors of these items. @returns a function that returns undefined for an item without a vector */
  vectorsOf(itemIds: readonly string[]): Promise<(itemId: string) => Float32Array | undefined>;
}

/** Follows the topics `releases` and `embeddings`, and from them knows the space of the served generation. */
export interface VectorSource {
  /** The space of the served generation; undefined before the first is served. */
  readonly served: EmbeddingSpace | undefined;
  /** Applies a message of `releases`; null is a tombstone, after which the generation is gone for good. */
  applyRelease(generation: string, release: Release | null): void;
  /** Applies a message of `embeddings` under its key, `generation/itemId`; null withdraws the vector. */
  applyEmbedding(key: string, embedding: ItemEmbedding | null): void;
  /** Both topics were read to their ends. Nothing is served before, because their middle describes the past. */
  markCaughtUp(): void;
}

export interface VectorEvents {
  /** Called when a different generation is served. */
  readonly onFlip: (generation: string) => void;
  /** Called when the served generation gained the vector of an item. */
  readonly onVector: () => void;
}
