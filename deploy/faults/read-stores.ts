import type { Redis } from 'ioredis';
import { compileRecordType } from '#contracts/avro-types.ts';
import { SCHEMAS } from '#contracts/generated/records.ts';
import { fenceField } from '#platform/redis/fenced.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { blockBytes } from '../../services/rerank/learning/redis-store.ts';
import { type StoredInterests, storedRecord } from './stores/interests-store.ts';
import type { StoredStatistics } from './stores/statistics-store.ts';

/** Magic byte and schema id. */
const WIRE_HEADER_BYTES = 5;

/** Returns the record of interests of each user in a namespace. */
export async function readInterestsRecords(
  redis: Redis,
  namespace: string,
): Promise<Map<string, StoredInterests>> {
  const records = new Map<string, StoredInterests>();
  const type = compileRecordType(SCHEMAS.UserInterests);
  for (let partition = 0; partition < USER_PARTITIONS; partition++) {
    const prefix = `${namespace}:{interests:${partition}}:user:`;
    for await (const [userId, fields] of hashesUnder(redis, prefix)) {
      const { window, deltas, derived, interests } = fields;
      // A record that was deleted since it was listed has no fields.
      if (window === undefined || deltas === undefined || derived === undefined || interests === undefined)
        continue;
      const record = { base: window, deltas, derived, offset: Number(fields[fenceField('actions')]) };
      const text = JSON.stringify(type.fromBuffer(interests.subarray(WIRE_HEADER_BYTES)));
      records.set(userId, storedRecord(record, text));
    }
  }
  return records;
}

/** Returns the keys of all records of interests. */
export async function userKeys(redis: Redis, namespace: string): Promise<string[]> {
  const keys = new Set<string>();
  const match = `${namespace}:{interests:*}:user:*`;
  for await (const page of redis.scanStream({ match, count: 1_000 }))
    for (const key of page as string[]) keys.add(key);
  return [...keys];
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
      blocks: blocksIn(fields),
      ...(fields.open && { open: fields.open.toString() }),
      ...(fields.sequence && { sequence: Number(fields.sequence) }),
    });
  }
  return held;
}

function blocksIn(fields: Readonly<Record<string, Buffer | undefined>>): Record<string, string> {
  const blocks: Record<string, string> = {};
  for (const [key, bytes] of blockBytes(fields)) blocks[key] = hexOf(bytes);
  return blocks;
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
