import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { createRedisJoinStore } from './redis-store.ts';
import { testJoinStore } from './store.contract.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

it('reads slates and rewards that were stored before features had names as those of version 1', async () => {
  const name = randomUUID();
  const keyOf = (partition: number, part: string) => test.key(name, `{${partition}}`, part);
  const store = createRedisJoinStore({ redis: test.redis, keyOf });
  const shown = { slateId: 's1', userId: 'ann', servedAt: 5, slots: [] };
  const reward = { rewardId: 's1/0', sequence: 1, features: [1] };
  await test.redis.hset(keyOf(0, 'shown'), 's1', JSON.stringify(shown));
  await test.redis.zadd(keyOf(0, 'outbox'), 1, JSON.stringify({ reward }));
  assert.deepEqual((await store.readShown(0, ['s1'])).get('s1'), { ...shown, featureNames: [] });
  assert.deepEqual(await store.readOutbox(0, 1), [{ reward: { ...reward, featureNames: [] } }]);
});

testJoinStore(async () => {
  const name = randomUUID();
  return createRedisJoinStore({
    redis: test.redis,
    keyOf: (partition, part) => test.key(name, `{${partition}}`, part),
  });
});
