import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import { Redis } from 'ioredis';
import type { Proposal } from '#contracts/generated/records.ts';
import { testPoolStore } from './pool-store.testing.ts';
import { createRedisPoolStore } from './pool-store.ts';
import { testStatisticsStore } from './statistics-store.testing.ts';
import { createRedisStatisticsStore } from './statistics-store.ts';

let redis: Redis;
const run = randomUUID();

before(() => {
  redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
});

after(async () => {
  const keys = await redis.keys(`${run}:*`);
  if (keys.length > 0) await redis.del(...keys);
  await redis.quit();
});

testPoolStore(async () => {
  const name = `${run}:${randomUUID()}`;
  return createRedisPoolStore({
    redis,
    keyOf: (userId) => `${name}:${userId}`,
    keepMs: 60_000,
    encode: serialize,
    decode: (bytes) => deserialize(bytes) as Proposal,
  });
});

testStatisticsStore(async () => {
  const name = `${run}:${randomUUID()}`;
  return createRedisStatisticsStore({ redis, keyOf: (partition) => `${name}:${partition}` });
});
