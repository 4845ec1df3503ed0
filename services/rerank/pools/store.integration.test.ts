import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import type { Proposal } from '#contracts/generated/records.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { createRedisPoolStore } from './redis-store.ts';
import { testPoolStore } from './store.contract.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

testPoolStore(async () => {
  const name = randomUUID();
  return createRedisPoolStore({
    redis: test.redis,
    keyOf: (userId) => test.key(name, 'pool', userId),
    headKeyOf: (partition) => test.key(name, 'pools', String(partition)),
    keepMs: 60_000,
    cachedCandidates: 1_000,
    encode: serialize,
    decode: (bytes) => deserialize(bytes) as Proposal,
  });
});
