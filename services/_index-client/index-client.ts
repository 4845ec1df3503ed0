import type { Availability } from '#contracts/generated/records.ts';

/** An item of the generation, or a vector of its space: as numbers, or little-endian float32 in base64. */
export type Query = { readonly itemId: string } | { readonly vector: readonly number[] | string };

export interface SearchRequest {
  /** The generation to search; the served one when left out. */
  readonly generation?: string;
  /** At most `MAX_QUERIES`. */
  readonly queries: readonly Query[];
  /** Neighbours a query, 1 to `MAX_NEIGHBOURS`; an item is never its own neighbour. */
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
  /** Address of a picture, where the catalogue has one. */
  readonly image?: string;
  /** The broadest category, where the item has one. */
  readonly category?: string;
}

export interface SimilarAnswer {
  readonly itemId: string;
  readonly title: string;
  readonly generation: string;
  readonly items: readonly (Neighbour & { readonly title: string })[];
}

/**
 * The client of the stage `index`, for one process or several shards. An answer never mixes generations.
 *
 * @throws TributaryError `generation.unknown` (409) if the named generation is no longer held, `generation.pending` (503,
 *   retryable) if it is not held yet, `generation.undeclared` (503, retryable) if the log does not name it, or not yet,
 *   `index.empty` (503) if none is named and none serves, `field.invalid` (400), and `peer.unavailable` (503, retryable)
 *   with the name of a process that does not answer, because an answer from a part of the items would look complete
 */
export interface IndexClient {
  search(request: SearchRequest, trace?: string): Promise<SearchAnswer>;
  /** Vectors by item, little-endian float32 in base64; items without one are left out. At most `MAX_VECTORS` items. */
  vectors(
    generation: string,
    itemIds: readonly string[],
    trace?: string,
  ): Promise<Readonly<Record<string, string>>>;
  /** Catalogue entries; items that the catalogue does not list are left out. At most `MAX_ITEMS` items. */
  items(itemIds: readonly string[], trace?: string): Promise<Readonly<Record<string, ItemEntry>>>;
  /**
   * Those of the items that may not be recommended: unavailable ones, and where a catalogue is kept, those that it does not
   * list. At most `MAX_ITEMS` items.
   */
  withheld(itemIds: readonly string[], trace?: string): Promise<ReadonlySet<string>>;
  /**
   * Neighbours of an item in the served generation, with titles.
   * @throws TributaryError `item.unknown` (404)
   */
  similar(itemId: string, n: number, trace?: string): Promise<SimilarAnswer>;
  close(): Promise<void>;
}

/** The state that one process reports. */
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
