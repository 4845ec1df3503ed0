import { partitionOfKey } from '#topics/partitioner.ts';

/**
 * The shard that holds an item, from 0: the partition that its key has in a topic of as many partitions, by the murmur2
 * of every Kafka client. Where that number divides the partitions of `items`, it is the partition in `items` modulo it.
 */
export function shardOf(itemId: string, shardCount: number): number {
  return shardCount === 1 ? 0 : partitionOfKey(itemId, shardCount);
}
