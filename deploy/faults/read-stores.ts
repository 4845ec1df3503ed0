import type { Redis } from 'ioredis';
import { fenceField } from '#platform/redis/fenced.ts';
import type { StoredInterests } from './stores/interests-store.ts';
import type { StoredStatistics } from './stores/statistics-store.ts';

/** Returns the record of interests of each user in a namespace. */
export async function readInterestsRecords(
  redis: Redis,
  namespace: string,
): Promise<Map<string, StoredInterests>> {
  const records = new Map<string, StoredInterests>();
  for await (const [userId, fields] of hashesUnder(redis, `${namespace}:interests:user:`)) {
    records.set(userId, {
      window: hexOf(fields.window),
      interests: String(fields.interests),
      clustering: hexOf(fields.clustering),
      offset: Number(fields[fenceField('actions')]),
    });
  }
  return records;
}

/** Returns the statistics of the bandit of each partition in a namespace. */
export async function readStatistics(
  redis: Redis,
  namespace: string,
): Promise<Map<number, StoredStatistics>> {
  const held = new Map<number, StoredStatistics>();
  for await (const [partition, fields] of hashesUnder(redis, `${namespace}:rerank:statistics:`)) {
    held.set(Number(partition), {
      offset: Number(fields[fenceField('rewards')]),
      topicId: undefined,
      incarnation: undefined,
      ...(fields.statistics && { statistics: hexOf(fields.statistics) }),
      ...(fields.sequence && { sequence: Number(fields.sequence) }),
    });
  }
  return held;
}

/** The hashes whose key begins with the prefix, under the rest of their key. */
async function* hashesUnder(
  redis: Redis,
  prefix: string,
): AsyncGenerator<[name: string, fields: Readonly<Record<string, Buffer | undefined>>]> {
  const seen = new Set<string>();
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    for (const key of page as string[]) {
      if (seen.has(key)) continue;
      seen.add(key);
      yield [key.slice(prefix.length), await redis.hgetallBuffer(key)];
    }
  }
}

function hexOf(bytes: Buffer | undefined): string {
  return bytes?.toString('hex') ?? '';
}
