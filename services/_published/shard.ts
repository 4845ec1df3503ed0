import { shardOf } from '#index-client/shard-of.ts';

/** The part of the items that this process holds. */
export interface Shard {
  /** Its place among the shards, from 0. */
  readonly place: number;
  /** Number of shards, which hold all items together. */
  readonly count: number;
  owns(itemId: string): boolean;
}

export function createShard(place: number, count: number): Shard {
  return { place, count, owns: (itemId) => shardOf(itemId, count) === place };
}
