import { createPeer, type Peer } from '#platform/http/peer.ts';
import type {
  IndexClient,
  IndexShard,
  ItemEntry,
  SearchAnswer,
  ShardStatus,
  SimilarAnswer,
} from './index-client.ts';
import { ShardedIndex } from './sharded-index.ts';

/**
 * A client of the index at these addresses.
 * @param options.urls address of the one process, or those of all shards in their order
 * @param options.timeoutMs timeout of a call to one process; default 2 s
 * @param options.maxCalls most calls of one process under way at once; default: no limit
 */
export function connectIndex(options: {
  urls: readonly string[];
  timeoutMs?: number;
  maxCalls?: number;
}): IndexClient {
  const { urls, ...rest } = options;
  const isSharded = urls.length > 1;
  const shards = urls.map((url, place) =>
    createShardClient(createPeer({ name: isSharded ? `index shard ${place}` : 'index', url, ...rest })),
  );
  return isSharded ? new ShardedIndex(shards) : shards[0]!;
}

/** Items may have the names of properties that every object has: `constructor` would be found without being there. */
function withoutPrototype<T>(byItem: Record<string, T>): Record<string, T> {
  return Object.setPrototypeOf(byItem, null) as Record<string, T>;
}

function createShardClient(peer: Peer): IndexShard {
  const askForItems = (itemIds: readonly string[], trace: string | undefined) =>
    peer.post<{ items: Record<string, ItemEntry>; isKept?: boolean }>('/items', { itemIds }, trace);
  return {
    search: (request, trace) => peer.post<SearchAnswer>('/search', request, trace),
    async vectors(generation, itemIds, trace) {
      const answer = await peer.post<{ vectors: Record<string, string> }>(
        '/vectors',
        { generation, itemIds },
        trace,
      );
      return withoutPrototype(answer.vectors);
    },
    items: async (itemIds, trace) => withoutPrototype((await askForItems(itemIds, trace)).items),
    async withheld(itemIds, trace) {
      // An index of an earlier version does not say whether a catalogue is kept.
      const { items, isKept = false } = await askForItems(itemIds, trace);
      const entries = new Map(Object.entries(items));
      const isWithheld = (itemId: string): boolean =>
        entries.has(itemId) ? entries.get(itemId)!.availability === 'unavailable' : isKept;
      return new Set(itemIds.filter(isWithheld));
    },
    similar: (itemId, n, trace) =>
      peer.get<SimilarAnswer>(`/items/${encodeURIComponent(itemId)}/similar?n=${n}`, trace),
    status: (trace) => peer.get<ShardStatus>('/status', trace),
    close: () => peer.close(),
  };
}
