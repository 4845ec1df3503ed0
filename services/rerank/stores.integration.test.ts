import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import type { Proposal } from '#contracts/generated/records.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { testPoolStore } from './pool-store.testing.ts';
import { createRedisPoolStore } from './pool-store.ts';
import { testStatisticsStore } from './statistics-store.testing.ts';
import { createRedisStatisticsStore } from './statistics-store.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

testPoolStore(async () => {
  const name = randomUUID();
  return createRedisPoolStore({
    redis: test.redis,
    keyOf: (userId) => test.key(name, userId),
    keepMs: 60_000,
    encode: serialize,
    decode: (bytes) => deserialize(bytes) as Proposal,
  });
});

testStatisticsStore(async () => {
  const name = randomUUID();
  return createRedisStatisticsStore({
    redis: test.redis,
    keyOf: (partition) => test.key(name, String(partition)),
  });
});
