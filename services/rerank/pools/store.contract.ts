import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { joinPools, MAX_MODELS } from './pool.ts';
import { held, someCause, someItem } from './proposals.testing.ts';
import type { PoolStore } from './store.ts';

/** The contract of every store of pools. Each test uses a store of its own. */
export function testPoolStore(createStore: () => Promise<PoolStore>): void {
  test('a pool without writes is empty', async () => {
    const store = await createStore();
    const nothing = { proposals: [], generation: null, interestsVersion: -1, recent: new Set() };
    assert.deepEqual(await store.read('ann'), nothing);
    assert.deepEqual(await store.read(EVERYONE), nothing);
  });

  test('proposals are read back completely, joined with those for everyone', async () => {
    const store = await createStore();
    const items = [someItem('oats', 0.1 + 0.2, { because: someCause(), popularity: 1 / 3 })];
    const own = held(4, {
      model: 'medoid-neighbours',
      generation: 'g1',
      version: 9,
      items,
      recent: ['milk'],
    });
    const shared = held(8, { userId: EVERYONE, version: -1 });
    assert.equal(await store.put(own), 'held');
    assert.equal(await store.put(shared), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([own], [shared]));
    assert.deepEqual(await store.read('bob'), joinPools([], [shared]));
  });

  test('a repeated, earlier or staler proposal does nothing, and a newer one replaces only its model', async () => {
    const store = await createStore();
    const other = held(1, { model: 'sequence', version: 1 });
    const newest = held(7, { version: 4, items: [someItem('tea', 1)] });
    assert.equal(await store.put(other), 'held');
    assert.equal(await store.put(held(5, { version: 4 })), 'held');
    assert.equal(await store.put(newest), 'held');
    assert.equal(await store.put(newest), 'stale', 'repeated');
    assert.equal(await store.put(held(6, { version: 5 })), 'stale', 'earlier in the log');
    assert.equal(await store.put(held(8, { version: 3 })), 'stale', 'of staler interests');
    assert.deepEqual(await store.read('ann'), joinPools([newest, other], []));
  });

  test('a pool accepts no more models than its limit, and its models can still be updated', async () => {
    const store = await createStore();
    const models = ['constructor', ...Array.from({ length: MAX_MODELS - 1 }, (_, index) => `model-${index}`)];
    for (const [offset, model] of models.entries()) {
      assert.equal(await store.put(held(offset, { model })), 'held');
    }
    assert.equal(await store.put(held(40, { model: 'one-more' })), 'full');
    assert.equal(await store.put(held(41, { model: 'constructor' })), 'held');
    assert.equal(await store.put(held(42, { model: 'one-more', userId: 'bob' })), 'held', 'of another user');
    const { proposals } = await store.read('ann');
    assert.deepEqual(proposals.map(({ model }) => model).sort(), models.sort());
  });

  test('an erased user has no pool, and others keep theirs', async () => {
    const store = await createStore();
    const [ann, bob] = [held(1), held(2, { userId: 'bob' })];
    await store.put(ann);
    await store.put(bob);
    await store.erase('ann');
    assert.deepEqual(await store.read('ann'), joinPools([], []));
    assert.deepEqual(await store.read('bob'), joinPools([bob], []));
  });
}
