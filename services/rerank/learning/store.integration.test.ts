import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { BinaryWriter } from '#algorithms/binary.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { COLUMNS_OF_VERSION_1 } from '../features.ts';
import { createRedisStatisticsStore } from './redis-store.ts';
import { applyRewards, someReward } from './rewards.testing.ts';
import { nothingLearned } from './rewards.ts';
import { testStatisticsStore } from './store.contract.ts';

let test: TestRedis;

before(async () => {
  test = await openTestRedis();
});

after(() => test.close());

it('statistics that version 1 wrote, whose columns have no names, are continued', async () => {
  const key = test.key(randomUUID());
  const store = createRedisStatisticsStore({ redis: test.redis, keyOf: () => key });
  const features = COLUMNS_OF_VERSION_1.map((_, index) => index);
  const expected = nothingLearned();
  applyRewards(expected, [someReward(7, { features, featureNames: [] })]);
  const { precision, moment, rewardSum, rewardSquareSum } = expected.statistics;
  const writer = new BinaryWriter();
  for (const number of [1, moment.length, 1]) writer.varint(number);
  for (const number of [rewardSum, rewardSquareSum, ...moment]) writer.float64(number);
  for (let i = 0; i < moment.length; i++) {
    for (let j = 0; j <= i; j++) writer.float64(precision[i * moment.length + j]!);
  }
  const statistics = Buffer.from(writer.finish());
  await test.redis.hset(key, { '@rewards': '41', sequence: '7', features: '1', statistics });
  assert.deepEqual(await store.load(0), { learned: expected, offset: 41, incarnation: undefined });
  applyRewards(expected, [someReward(8)]);
  assert.equal(await store.save(0, { learned: expected, offset: 42, incarnation: undefined }), true);
  assert.deepEqual(await store.load(0), { learned: expected, offset: 42, incarnation: undefined });
  assert.equal(await test.redis.hget(key, 'features'), '2', 'earlier code does not try to decode it');
});

testStatisticsStore(async () => {
  const name = randomUUID();
  return createRedisStatisticsStore({
    redis: test.redis,
    keyOf: (partition) => test.key(name, String(partition)),
  });
});
