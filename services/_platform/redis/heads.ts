import type { Redis } from 'ioredis';
import type { Head, HeadChange } from '../kafka/held-state.ts';
import { fenceField } from './fenced.ts';

/** Field of the incarnation in the Redis hash of a head. All sources of the hash share it. */
export const INCARNATION = 'incarnation';

/** The other fields of a head: `@<source>` the offset, which fences its writes, and `topic:<source>` the id. */
function topicField(source: string): string {
  return `topic:${source}`;
}

/** @returns undefined if the hash has no offset of the source */
export async function readHead(redis: Redis, key: string, source: string): Promise<Head | undefined> {
  const fields = [fenceField(source), topicField(source), INCARNATION];
  const [offset, topicId, incarnation] = await redis.hmget(key, ...fields);
  if (offset === null || offset === undefined) return undefined;
  return { offset: Number(offset), topicId: topicId ?? undefined, incarnation: incarnation ?? undefined };
}

/** Writes the head whatever it was. */
export async function writeHead(redis: Redis, key: string, source: string, head: HeadChange): Promise<void> {
  const { offset, topicId, incarnation } = head;
  const pairs = [
    [fenceField(source), offset],
    [topicField(source), topicId],
    [INCARNATION, incarnation],
  ] as const;
  const known = pairs.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  if (known.length > 0) await redis.hset(key, ...known);
}

export async function deleteHead(redis: Redis, key: string): Promise<void> {
  await redis.del(key);
}
