import { after, before, describe } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { createRedisStore } from './redis-store.ts';
import { storeContract } from './store.contract.ts';

describe('the interests store in Redis', () => {
  let test: TestRedis;
  let stores = 0;

  before(async () => {
    test = await openTestRedis();
  });

  after(() => test.close());

  storeContract(async () => {
    const prefix = String(stores++);
    return createRedisStore(test.redis, (...parts) => test.key(prefix, ...parts), USER_PARTITIONS);
  });
});
