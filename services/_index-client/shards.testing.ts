import { exactTopK } from '#algorithms/retrieval/exact.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { TributaryError } from '#contracts/errors.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';
import type { IndexShard, Query, QueryResult } from './index-client.ts';
import { shardOf } from './shard-of.ts';

/** An index in memory that searches exactly; its served and held generations can be changed. */
export interface MemoryShard extends IndexShard {
  active: string | null;
  held: string[];
  isUp: boolean;
  /** Number of searches that were sent to it. */
  searches: number;
}

/** An index that holds the items of its place. @param vectors unit vectors of one length, by item id */
export function createMemoryShard(
  vectors: ReadonlyMap<string, Float32Array>,
  place: number,
  count: number,
): MemoryShard {
  const dimension = vectors.values().next().value?.length ?? 1;
  const table = new VectorTable(dimension);
  // In the order of their ids, which then decides between equal scores.
  const ids = [...vectors.keys()].filter((itemId) => shardOf(itemId, count) === place).sort();
  for (const itemId of ids) table.set(itemId, vectors.get(itemId)!);

  function demand(generation: string): void {
    if (!shard.isUp) {
      throw new TributaryError('peer.unavailable', `index shard ${place} does not answer`, {
        status: 503,
        retryable: true,
      });
    }
    if (shard.held.includes(generation)) return;
    throw new TributaryError('generation.unknown', `${generation} is not held`, { status: 409 });
  }

  function answer(query: Query, k: number): QueryResult {
    const vector = 'itemId' in query ? table.get(query.itemId) : vectorOf(query.vector, dimension);
    if (vector === undefined) return { error: 'item.unknown' };
    const isExcluded = (row: number) => 'itemId' in query && ids[row] === query.itemId;
    const { rows, scores } = exactTopK({
      matrix: table.matrix(),
      dim: dimension,
      query: vector,
      k,
      isExcluded,
    });
    return {
      neighbours: Array.from(rows, (row, rank) => ({ itemId: ids[row]!, score: scores[rank]! })),
    };
  }

  const shard: MemoryShard = {
    active: 'g1',
    held: ['g1'],
    isUp: true,
    searches: 0,
    async search({ generation = shard.active ?? '', queries, k }) {
      demand(generation);
      shard.searches += 1;
      return { generation, results: queries.map((query) => answer(query, k)) };
    },
    async vectors(generation, itemIds) {
      demand(generation);
      const found = itemIds.flatMap((itemId) => {
        const vector = table.get(itemId);
        return vector === undefined ? [] : [[itemId, encodeVector(vector).toString('base64')] as const];
      });
      return Object.fromEntries(found);
    },
    async items(itemIds) {
      const known = itemIds.filter((itemId) => table.rowOf(itemId) !== undefined);
      return Object.fromEntries(
        known.map((itemId) => [itemId, { title: itemId.toUpperCase(), availability: 'available' as const }]),
      );
    },
    async withheld(itemIds) {
      return new Set(itemIds.filter((itemId) => table.rowOf(itemId) === undefined));
    },
    async similar() {
      throw new Error('one shard has not all that is similar');
    },
    async status() {
      return {
        active: shard.active === null ? null : { generation: shard.active },
        shard: place,
        shards: count,
      };
    },
    async close() {},
  };
  return shard;
}

function vectorOf(given: readonly number[] | string, dimension: number): Float32Array {
  if (typeof given !== 'string') return Float32Array.from(given);
  return decodeVector(Buffer.from(given, 'base64'), dimension);
}
