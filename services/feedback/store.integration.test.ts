import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { createRedisJoinStore } from './redis-store.ts';
import { testJoinStore } from './store.contract.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

testJoinStore(async () => {
  const name = randomUUID();
  return createRedisJoinStore({
    redis: test.redis,
    keyOf: (partition, part) => test.key(name, `{${partition}}`, part),
  });
});
