import { partitionOfKey } from '#topics/partitioner.ts';

/**
 * The shard that holds an item, from 0: the partition of its key in a topic with as many partitions as there are shards, by
 * the murmur2 of every Kafka client. Where the number of shards divides that of the partitions of `items`, the shard is the
 * partition in `items` modulo the number of shards.
 */
export function shardOf(itemId: string, shardCount: number): number {
  return shardCount === 1 ? 0 : partitionOfKey(itemId, shardCount);
}
