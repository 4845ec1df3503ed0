import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { RULES } from './attribution.testing.ts';
import { settle } from './attribution.ts';
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
  const store = createRedisJoinStore({ redis: test.redis, keyOf, lost: assert.fail });
  const shown = { slateId: 's1', userId: 'ann', servedAt: 5, slots: [] };
  const reward = { rewardId: 's1/0', sequence: 1, features: [1] };
  await test.redis.hset(keyOf(0, 'shown'), 's1', JSON.stringify(shown));
  await test.redis.zadd(keyOf(0, 'outbox'), 1, JSON.stringify({ reward }));
  assert.deepEqual((await store.readShown(0, ['s1'])).get('s1'), { ...shown, featureNames: [] });
  assert.deepEqual(await store.readOutbox(0, 1), [{ reward: { ...reward, featureNames: [] } }]);
});

it('forgets actions that were stored before apps had a tolerance as it did then', async () => {
  const name = randomUUID();
  const keyOf = (partition: number, part: string) => test.key(name, `{${partition}}`, part);
  const store = createRedisJoinStore({ redis: test.redis, keyOf, lost: assert.fail });
  const recent = [{ itemId: 'tea', type: 'buy', occurredAt: 50, streamTime: 50 }];
  await test.redis.hset(keyOf(0, 'users'), 'ann', JSON.stringify({ pending: [], recent }));
  await test.redis.zadd(keyOf(0, 'remembered'), 50, 'ann');
  const users = await store.readUsers(0, [], { closesBefore: 0, forgottenUntil: 50 });
  const join = { times: { streamTime: 50, slatesUntil: 50 }, users, changed: new Set<string>() };
  settle(join, RULES);
  assert.deepEqual(users, new Map([['ann', { pending: [], recent: [] }]]));
  assert.deepEqual([...join.changed], ['ann']);
});

testJoinStore(async () => {
  const name = randomUUID();
  return createRedisJoinStore({
    redis: test.redis,
    keyOf: (partition, part) => test.key(name, `{${partition}}`, part),
    lost: assert.fail,
  });
});
