import { TributaryError } from '#platform/errors.ts';
import type {
  IndexClient,
  IndexShard,
  Neighbour,
  Query,
  QueryResult,
  SearchAnswer,
  SearchRequest,
} from './index-client.ts';
import { shardOf } from './shard-of.ts';
import { splitBySize } from './split-by-size.ts';

/** A generation may be let go of between the question which one serves and the search in it. */
const ATTEMPTS = 3;

/**
 * Shards that hold all items together, as one index. An item is looked up where it is held; a search goes to all of
 * them, by vector and in one generation that is named to each, and the nearest of what they find are the answer.
 * @param shards all of them, in their order
 */
export function mergeShards(shards: readonly IndexShard[]): IndexClient {
  let checked: Promise<void> | undefined;

  /** Once: addresses in another order would make items unknown, silently. */
  function checkPlaces(): Promise<void> {
    checked ??= Promise.all(shards.map((shard, place) => checkPlace(shard, place, shards.length))).then(
      () => undefined,
    );
    checked.catch(() => {
      checked = undefined;
    });
    return checked;
  }

  /** What each shard answers of its own items, in one record. */
  async function lookUp<T>(
    itemIds: readonly string[],
    ask: (shard: IndexShard, itemIds: readonly string[]) => Promise<Readonly<Record<string, T>>>,
  ): Promise<Record<string, T>> {
    await checkPlaces();
    const owned = shards.map((): string[] => []);
    for (const itemId of new Set(itemIds)) owned[shardOf(itemId, shards.length)]!.push(itemId);
    const answers = await Promise.all(
      owned.map((ids, place) => (ids.length === 0 ? {} : ask(shards[place]!, ids))),
    );
    return Object.assign(Object.create(null), ...answers) as Record<string, T>;
  }

  async function search(request: SearchRequest, trace?: string): Promise<SearchAnswer> {
    await checkPlaces();
    if (request.generation !== undefined) return searchIn(request.generation, request, trace);
    for (let attempt = 1; ; attempt++) {
      const { active } = await shards[0]!.status(trace);
      if (active === null) {
        throw new TributaryError('index.empty', 'no generation is active yet', {
          status: 503,
          retryable: true,
        });
      }
      try {
        return await searchIn(active.generation, request, trace);
      } catch (error) {
        const isGone = error instanceof TributaryError && error.code === 'generation.unknown';
        if (!isGone || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async function searchIn(
    generation: string,
    { queries, k }: SearchRequest,
    trace: string | undefined,
  ): Promise<SearchAnswer> {
    const itemIds = queries.flatMap((query) => ('itemId' in query ? [query.itemId] : []));
    const vectors = await vectorsOf(generation, itemIds, trace);
    const isKnown = (query: Query): boolean => !('itemId' in query) || vectors[query.itemId] !== undefined;
    const known = queries.filter(isKnown);
    const found = await Promise.all(
      shards.map((shard, place) => {
        const own = known.map((query) => queryOf(query, place, vectors));
        return searchShard(shard, { generation, queries: own, k }, trace);
      }),
    );
    let next = 0;
    const results = queries.map((query): QueryResult => {
      if (!isKnown(query)) return { error: 'item.unknown' };
      const place = next++;
      return mergeResults(
        found.map((results) => results[place]!),
        k,
      );
    });
    return { generation, results };
  }

  /** The shard that holds an item leaves it out of its own neighbours. */
  function queryOf(query: Query, place: number, vectors: Readonly<Record<string, string>>): Query {
    if (!('itemId' in query) || shardOf(query.itemId, shards.length) === place) return query;
    return { vector: vectors[query.itemId]! };
  }

  const vectorsOf: IndexClient['vectors'] = (generation, itemIds, trace) =>
    lookUp(itemIds, (shard, own) => shard.vectors(generation, own, trace));
  const items: IndexClient['items'] = (itemIds, trace) =>
    lookUp(itemIds, (shard, own) => shard.items(own, trace));

  return {
    search,
    vectors: vectorsOf,
    items,
    async similar(itemId, n, trace) {
      const { generation, results } = await search({ queries: [{ itemId }], k: n }, trace);
      const [result] = results;
      if (result === undefined || 'error' in result) {
        throw new TributaryError('item.unknown', `${itemId} has no vector in ${generation}`, {
          status: 404,
          field: 'itemId',
        });
      }
      const entries = await items([itemId, ...result.neighbours.map((near) => near.itemId)], trace);
      const titleOf = (id: string): string => entries[id]?.title ?? id;
      return {
        itemId,
        title: titleOf(itemId),
        generation,
        items: result.neighbours.map((near) => ({ ...near, title: titleOf(near.itemId) })),
      };
    },
    close: async () => void (await Promise.all(shards.map((shard) => shard.close()))),
  };
}

async function checkPlace(client: IndexShard, place: number, count: number): Promise<void> {
  const { shard, shards } = await client.status();
  if (shard === place && shards === count) return;
  throw new TributaryError(
    'config.invalid',
    `TRIBUTARY_INDEX_URL must name all shards in their order: at place ${place} of ${count} answers shard ${shard} of ${shards}`,
  );
}

/** In as many requests as the size of a body asks for. */
async function searchShard(
  shard: IndexShard,
  { queries, ...rest }: SearchRequest & { generation: string },
  trace: string | undefined,
): Promise<QueryResult[]> {
  const parts = splitBySize(queries);
  const answers = await Promise.all(parts.map((part) => shard.search({ ...rest, queries: part }, trace)));
  return answers.flatMap(({ results }) => results);
}

/** The k best of all shards, ties by item id; unknown where one of them does not know the item any more. */
function mergeResults(results: readonly QueryResult[], k: number): QueryResult {
  const neighbours: Neighbour[] = [];
  for (const result of results) {
    if ('error' in result) return result;
    neighbours.push(...result.neighbours);
  }
  neighbours.sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
  return { neighbours: neighbours.slice(0, k) };
}
