import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createLogger } from '../observability/logger.ts';
import { connectRedis } from '../redis/client.ts';

export interface TestRedis {
  readonly redis: Redis;
  /** Returns a key of this test alone. */
  key(...parts: string[]): string;
  /** Deletes the test's keys and disconnects. */
  close(): Promise<void>;
}

/** Connects to the Redis of REDIS_URL, with a namespace of its own. */
export async function openTestRedis(): Promise<TestRedis> {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
  const redis = await connectRedis({ url, log: createLogger('test', 'silent') });
  const namespace = `test-${randomUUID()}`;
  return {
    redis,
    key: (...parts) => [namespace, ...parts].join(':'),
    async close() {
      await emptyRedis(redis, namespace);
      await redis.quit();
    },
  };
}

/** Returns all keys with a prefix. */
export async function keysOf(redis: Redis, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 }))
    for (const key of page as string[]) keys.add(key);
  return [...keys];
}

/** Deletes all keys of a namespace at once, as FLUSHALL would if the server were this test's alone. */
export async function emptyRedis(redis: Redis, namespace: string): Promise<void> {
  const script = `
local keys = redis.call('KEYS', ARGV[1])
for _, key in ipairs(keys) do redis.call('UNLINK', key) end`;
  await redis.eval(script, 0, `${namespace}:*`);
}

/** Copies all keys of a namespace. @returns a function that puts them back; keys that exist by then are replaced */
export async function copyRedis(redis: Redis, namespace: string): Promise<{ restore(): Promise<void> }> {
  const keys = await keysOf(redis, `${namespace}:`);
  const dumps = await Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)] as const));
  return {
    async restore() {
      for (const [key, dump] of dumps) if (dump !== null) await redis.restore(key, 0, dump, 'REPLACE');
    },
  };
}
