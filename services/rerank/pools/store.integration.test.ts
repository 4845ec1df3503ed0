import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import { EVERYONE } from '#contracts/domain/ids.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { arriving, putOne } from './proposals.testing.ts';
import { createRedisPoolStore } from './redis-store.ts';
import { testPoolStore } from './store.contract.ts';
import type { PoolStore } from './store.ts';

let server: TestRedis;

before(async () => {
  server = await openTestRedis();
});

after(() => server.close());

function openStore(name: string): PoolStore {
  return createRedisPoolStore({
    redis: server.redis,
    keyOf: (userId) => server.key(name, 'pool', '{0}', userId),
    headKeyOf: (partition) => server.key(name, 'pools', `{${partition}}`),
    keepMs: 60_000,
    cachedCandidates: 1_000,
    encode: serialize,
    decode: (bytes) => deserialize(bytes) as Proposal,
  });
}

testPoolStore(async () => openStore(randomUUID()));

test('a pool that did not change is the same object, also that of all unknown users, and a changed one is another', async () => {
  const store = openStore(randomUUID());
  await putOne(store, 1, { model: 'a' });
  await putOne(store, 1, { userId: EVERYONE, version: -1 });
  const [ann, unknown] = [await store.read('ann'), await store.read('bob')];
  assert.equal(await store.read('ann'), ann);
  assert.equal(await store.read('cid'), unknown);
  await putOne(store, 2, { userId: EVERYONE, version: -1 });
  assert.notEqual(await store.read('ann'), ann);
  assert.notEqual(await store.read('cid'), unknown);
});

test('another process sees each change of a pool that it has read', async () => {
  const name = randomUUID();
  const [writer, reader] = [openStore(name), openStore(name)];
  for (let offset = 0; offset < 3; offset++) {
    await writer.put(0, [arriving(offset, { a: null, b: null }, { version: offset })]);
    assert.equal((await reader.read('ann')).interestsVersion, offset);
  }
  await writer.erase('ann');
  assert.deepEqual((await reader.read('ann')).proposals, []);
});

test('a pool holds only the records to which a model still refers, as they are in the log', async () => {
  const name = randomUUID();
  const store = openStore(name);
  const fields = async () =>
    Object.keys(await server.redis.hgetall(server.key(name, 'pool', '{0}', 'ann'))).sort();
  await store.put(0, [arriving(3, { a: null, b: null })]);
  await store.put(0, [arriving(5, { b: null }, { version: 2 })]);
  assert.deepEqual(await fields(), ['3', '5', 'lists']);
  const last = arriving(7, { a: null, b: null }, { version: 3 });
  await store.put(0, [{ ...last, bytes: serialize(last.proposal) }]);
  assert.deepEqual(await fields(), ['7', 'lists']);
  assert.equal((await store.read('ann')).interestsVersion, 3);
});
