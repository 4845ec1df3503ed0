import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { createRedisStatisticsStore } from './redis-store.ts';
import { applyRewards, someReward, TERMS } from './rewards.testing.ts';
import { nothingLearned } from './rewards.ts';
import { testStatisticsStore } from './store.contract.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

it('statistics that were learned on other terms count as missing, so that they are learned again from the log', async () => {
  const key = test.key(randomUUID());
  const store = createRedisStatisticsStore({ redis: test.redis, keyOf: () => key, terms: TERMS });
  const nothing = { learned: nothingLearned(), offset: -1, incarnation: 'i' };
  const former = { '@rewards': '41', 'topic:rewards': 't', incarnation: 'i', sequence: '7', features: '2' };
  await test.redis.hset(key, { ...former, statistics: 'sums of all times' });
  assert.equal(await store.readHead(0), undefined);
  assert.deepEqual(await store.load(0), nothing);
  await store.clear(0);
  const learned = nothingLearned();
  applyRewards(learned, [someReward(8)]);
  assert.equal(await store.save(0, { learned, offset: 42, incarnation: undefined }), true);
  assert.equal((await store.readHead(0))?.offset, 42);
  assert.equal(await test.redis.hget(key, 'features'), '4', 'earlier code does not try to decode it');
  // The version before kept no arms that learn apart: what it wrote is learned again, never read as the whole.
  const layout = (await test.redis.hget(key, 'terms'))!;
  await test.redis.hset(key, { terms: layout.replace(/^4/, '3') });
  assert.equal(await store.readHead(0), undefined);
  assert.equal((await store.load(0)).offset, -1);
  await test.redis.hset(key, { terms: layout });
  assert.equal((await store.load(0)).offset, 42);
  for (const change of [{ halfLifeMs: 1 }, { interactions: ['at.idle'] }]) {
    const terms = { ...TERMS, ...change };
    const other = createRedisStatisticsStore({ redis: test.redis, keyOf: () => key, terms });
    assert.equal(await other.readHead(0), undefined);
    assert.equal((await other.load(0)).offset, -1);
  }
});

testStatisticsStore(async () => {
  const name = randomUUID();
  return createRedisStatisticsStore({
    redis: test.redis,
    keyOf: (partition) => test.key(name, String(partition)),
    terms: TERMS,
  });
});
