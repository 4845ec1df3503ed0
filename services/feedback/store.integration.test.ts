import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { Redis } from 'ioredis';
import { createRedisJoinStore } from './redis-store.ts';
import { testJoinStore } from './store.testing.ts';

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

testJoinStore(async () => {
  const name = `${run}:${randomUUID()}`;
  return createRedisJoinStore({ redis, keyOf: (partition, part) => `${name}:{${partition}}:${part}` });
});
