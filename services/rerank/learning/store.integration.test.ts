import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { createRedisStatisticsStore } from './redis-store.ts';
import { testStatisticsStore } from './store.contract.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

testStatisticsStore(async () => {
  const name = randomUUID();
  return createRedisStatisticsStore({
    redis: test.redis,
    keyOf: (partition) => test.key(name, String(partition)),
  });
});
