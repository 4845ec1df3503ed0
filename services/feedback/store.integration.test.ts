import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { FORMER_PARTS } from './join-scripts.ts';
import { createRedisJoinStore } from './redis-store.ts';
import { testJoinStore } from './store.contract.ts';
import { EMPTY_HEAD } from './store.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

it('state of an earlier version counts as missing, and is deleted when the partition is cleared', async () => {
  const name = randomUUID();
  const keyOf = (partition: number, part: string) => test.key(name, `{${partition}}`, part);
  const replaced: number[] = [];
  const store = createRedisJoinStore({
    redis: test.redis,
    keyOf,
    lost: assert.fail,
    replaced: (partition) => void replaced.push(partition),
  });
  const head = { version: 5, slatesOffset: 7, actionsOffset: 8, sequence: 3, incarnation: 'i' };
  await test.redis.hset(keyOf(0, 'head'), head);
  await test.redis.hset(keyOf(0, 'users'), 'ann', '{"pending":[],"recent":[]}');
  await test.redis.zadd(keyOf(0, 'closes'), 50, 'ann');
  assert.equal(await store.readTopicHead('slates', 0), undefined);
  assert.deepEqual(await store.readHead(0), EMPTY_HEAD);
  await store.clear(0, 5);
  await store.clear(0, 6);
  assert.deepEqual(replaced, [0]);
  assert.equal(await test.redis.exists(...FORMER_PARTS.map((part) => keyOf(0, part))), 0);
  assert.equal(await store.clearedAt(0), 6);
});

testJoinStore(async () => {
  const name = randomUUID();
  return createRedisJoinStore({
    redis: test.redis,
    keyOf: (partition, part) => test.key(name, `{${partition}}`, part),
    lost: assert.fail,
  });
});
