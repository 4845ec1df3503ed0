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
      for await (const page of redis.scanStream({ match: `${namespace}:*`, count: 1_000 })) {
        const keys = page as string[];
        if (keys.length > 0) await redis.unlink(...keys);
      }
      await redis.quit();
    },
  };
}
