import type { Redis } from 'ioredis';
import type { Head } from '../kafka/held-state.ts';
import { fenceField } from './fenced.ts';

/** The fields of a head in a Redis hash: `@<source>` the offset, which fences its writes, and `topic:<source>` the id. */
function topicField(source: string): string {
  return `topic:${source}`;
}

/** @returns undefined if the hash has no offset of the source */
export async function readHead(redis: Redis, key: string, source: string): Promise<Head | undefined> {
  const [offset, topicId] = await redis.hmget(key, fenceField(source), topicField(source));
  if (offset === null || offset === undefined) return undefined;
  return { offset: Number(offset), topicId: topicId ?? undefined };
}

/** Writes the head whatever it was; other fields stay. */
export async function writeHead(redis: Redis, key: string, source: string, head: Head): Promise<void> {
  const { offset, topicId } = head;
  const topic = topicId === undefined ? [] : [topicField(source), topicId];
  await redis.hset(key, fenceField(source), String(offset), ...topic);
}

export async function deleteHead(redis: Redis, key: string): Promise<void> {
  await redis.del(key);
}
