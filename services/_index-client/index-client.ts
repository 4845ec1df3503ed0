import type { Availability } from '#contracts/generated/records.ts';

/** An item of the generation, or a vector of its space: as numbers, or little-endian float32 in base64. */
export type Query = { readonly itemId: string } | { readonly vector: readonly number[] | string };

export interface SearchRequest {
  /** The generation to search; the served one when left out. */
  readonly generation?: string;
  /** At most 1,000. */
  readonly queries: readonly Query[];
  /** Neighbours a query, 1 to 1,000; an item is never its own neighbour. */
  readonly k: number;
}

export interface Neighbour {
  readonly itemId: string;
  /** Cosine, −1 to 1. */
  readonly score: number;
}

/** Neighbours by falling score, or that the generation has no vector of the item. */
export type QueryResult = { readonly neighbours: readonly Neighbour[] } | { readonly error: 'item.unknown' };

export interface SearchAnswer {
  readonly generation: string;
  /** In the order of the queries. */
  readonly results: readonly QueryResult[];
}

export interface ItemEntry {
  readonly title: string;
  readonly availability: Availability;
}

export interface SimilarAnswer {
  readonly itemId: string;
  readonly title: string;
  readonly generation: string;
  readonly items: readonly (Neighbour & { readonly title: string })[];
}

/**
 * The stage `index` as other stages ask it, be it one process or several shards. All of an answer is of one generation.
 *
 * @throws TributaryError `generation.unknown` (409) when the named one is not held, `index.empty` (503) when none is
 * named and none serves, `field.invalid` (400), and `peer.unavailable` (503, retryable) that names a process which does not
 * answer: there are no answers from a part of the items
 */
export interface IndexClient {
  search(request: SearchRequest, trace?: string): Promise<SearchAnswer>;
  /** Vectors by item, little-endian float32 in base64; items without one are left out. At most 1,000 items. */
  vectors(
    generation: string,
    itemIds: readonly string[],
    trace?: string,
  ): Promise<Readonly<Record<string, string>>>;
  /** What the catalogue says; items that it does not list are left out. At most 5,000 items. */
  items(itemIds: readonly string[], trace?: string): Promise<Readonly<Record<string, ItemEntry>>>;
  /**
   * Neighbours of an item in the served generation, with titles.
   * @throws TributaryError `item.unknown` (404)
   */
  similar(itemId: string, n: number, trace?: string): Promise<SimilarAnswer>;
  close(): Promise<void>;
}

/** What one process says of itself. */
export interface ShardStatus {
  readonly active: { readonly generation: string } | null;
  /** Its place among the shards, from 0. */
  readonly shard: number;
  readonly shards: number;
}

/** One process of the index. */
export interface IndexShard extends IndexClient {
  status(trace?: string): Promise<ShardStatus>;
}
