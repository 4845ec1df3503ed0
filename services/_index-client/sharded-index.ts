import { TributaryError } from '#contracts/errors.ts';
import type {
  IndexClient,
  IndexShard,
  ItemEntry,
  Neighbour,
  Query,
  QueryResult,
  SearchAnswer,
  SearchRequest,
  SimilarAnswer,
} from './index-client.ts';
import { shardOf } from './shard-of.ts';
import { splitBySize } from './split-by-size.ts';

/** The served generation may be dropped between the request for its name and the search in it. */
const ATTEMPTS = 3;

type ByItem<T> = Readonly<Record<string, T>>;
type NamedSearch = SearchRequest & { readonly generation: string };

/**
 * Shards that hold all items together, as one index. An item is looked up in the shard that holds it. A search goes to all
 * shards, by vector and in one generation that each request names, and the nearest of all neighbours are the answer.
 */
export class ShardedIndex implements IndexClient {
  readonly #shards: readonly IndexShard[];
  #checked: Promise<unknown> | undefined;

  /** @param shards all of them, in their order */
  constructor(shards: readonly IndexShard[]) {
    this.#shards = shards;
  }

  async search(request: SearchRequest, trace?: string): Promise<SearchAnswer> {
    await this.#checkPlaces();
    const { generation } = request;
    if (generation !== undefined) return this.#searchIn({ ...request, generation }, trace);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#searchIn({ ...request, generation: await this.#served(trace) }, trace);
      } catch (error) {
        const isElsewhere = error instanceof TributaryError && error.code.startsWith('generation.');
        if (!isElsewhere || attempt === ATTEMPTS) throw error;
      }
    }
  }

  vectors(generation: string, itemIds: readonly string[], trace?: string): Promise<ByItem<string>> {
    return this.#lookUp(itemIds, (shard, own) => shard.vectors(generation, own, trace));
  }

  items(itemIds: readonly string[], trace?: string): Promise<ByItem<ItemEntry>> {
    return this.#lookUp(itemIds, (shard, own) => shard.items(own, trace));
  }

  async withheld(itemIds: readonly string[], trace?: string): Promise<ReadonlySet<string>> {
    const withheld = await this.#lookUp(itemIds, async (shard, own) => {
      return Object.fromEntries([...(await shard.withheld(own, trace))].map((itemId) => [itemId, true]));
    });
    return new Set(Object.keys(withheld));
  }

  async similar(itemId: string, n: number, trace?: string): Promise<SimilarAnswer> {
    const { generation, results } = await this.search({ queries: [{ itemId }], k: n }, trace);
    const [result] = results;
    if (result === undefined || 'error' in result) {
      throw new TributaryError('item.unknown', `“${itemId}” has no vector in ${generation}`, {
        status: 404,
        field: 'itemId',
      });
    }
    const entries = await this.items([itemId, ...result.neighbours.map((near) => near.itemId)], trace);
    const titleOf = (id: string): string => entries[id]?.title ?? id;
    const items = result.neighbours.map((near) => ({ ...near, title: titleOf(near.itemId) }));
    return { itemId, title: titleOf(itemId), generation, items };
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.close()));
  }

  /** Checks once that the addresses are in the order of the shards: in a wrong order, items would silently be unknown. */
  async #checkPlaces(): Promise<void> {
    const count = this.#shards.length;
    this.#checked ??= Promise.all(this.#shards.map((shard, place) => checkPlace(shard, place, count)));
    try {
      await this.#checked;
    } catch (error) {
      this.#checked = undefined;
      throw error;
    }
  }

  /** The generation that shard 0 serves, which all other shards hold. */
  async #served(trace: string | undefined): Promise<string> {
    const { active } = await this.#shards[0]!.status(trace);
    if (active !== null) return active.generation;
    throw new TributaryError('index.empty', 'no generation is active yet', { status: 503, retryable: true });
  }

  async #searchIn(request: NamedSearch, trace: string | undefined): Promise<SearchAnswer> {
    const { generation, queries, k } = request;
    const itemIds = queries.flatMap((query) => ('itemId' in query ? [query.itemId] : []));
    const vectors = await this.vectors(generation, itemIds, trace);
    const known = queries.filter((query) => isKnown(query, vectors));
    const found = await Promise.all(
      this.#shards.map((shard, place) => {
        const own = known.map((query) => this.#queryOf(query, place, vectors));
        return searchShard(shard, { generation, queries: own, k }, trace);
      }),
    );
    let next = 0;
    const results = queries.map((query): QueryResult => {
      if (!isKnown(query, vectors)) return { error: 'item.unknown' };
      const place = next++;
      return mergeResults(
        found.map((ofShard) => ofShard[place]!),
        k,
      );
    });
    return { generation, results };
  }

  /** The shard that holds an item is asked by id, and leaves the item out of its own neighbours; others get the vector. */
  #queryOf(query: Query, place: number, vectors: ByItem<string>): Query {
    if (!('itemId' in query) || shardOf(query.itemId, this.#shards.length) === place) return query;
    return { vector: vectors[query.itemId]! };
  }

  /** Asks each shard for its own items. @returns all answers in one record */
  async #lookUp<T>(
    itemIds: readonly string[],
    ask: (shard: IndexShard, itemIds: readonly string[]) => Promise<ByItem<T>>,
  ): Promise<ByItem<T>> {
    await this.#checkPlaces();
    const owned = this.#shards.map((): string[] => []);
    for (const itemId of new Set(itemIds)) owned[shardOf(itemId, owned.length)]!.push(itemId);
    const answers = await Promise.all(
      this.#shards.map((shard, place) => (owned[place]!.length === 0 ? {} : ask(shard, owned[place]!))),
    );
    return Object.assign(Object.create(null), ...answers) as ByItem<T>;
  }
}

async function checkPlace(client: IndexShard, place: number, count: number): Promise<void> {
  const { shard, shards } = await client.status();
  if (shard === place && shards === count) return;
  throw new TributaryError(
    'config.invalid',
    `TRIBUTARY_INDEX_URL must name all shards in their order: at place ${place} of ${count} answers shard ${shard} of ${shards}`,
  );
}

function isKnown(query: Query, vectors: ByItem<string>): boolean {
  return !('itemId' in query) || vectors[query.itemId] !== undefined;
}

/** Searches one shard, in several requests where one body would be too large. */
async function searchShard(
  shard: IndexShard,
  { queries, ...rest }: NamedSearch,
  trace: string | undefined,
): Promise<QueryResult[]> {
  const parts = splitBySize(queries);
  const answers = await Promise.all(parts.map((part) => shard.search({ ...rest, queries: part }, trace)));
  return answers.flatMap(({ results }) => results);
}

/** The k best neighbours of all shards, ties by item id; unknown where one shard no longer knows the item. */
function mergeResults(results: readonly QueryResult[], k: number): QueryResult {
  const neighbours: Neighbour[] = [];
  for (const result of results) {
    if ('error' in result) return result;
    neighbours.push(...result.neighbours);
  }
  neighbours.sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
  return { neighbours: neighbours.slice(0, k) };
}
