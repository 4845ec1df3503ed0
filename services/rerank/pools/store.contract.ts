import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYBODY, joinPools } from './pool.ts';
import { held, someCause, someItem } from './proposals.testing.ts';
import type { PoolStore } from './store.ts';

/** What every store of pools must do. Each test takes a store of its own. */
export function testPoolStore(createStore: () => Promise<PoolStore>): void {
  test('a pool nobody wrote is empty', async () => {
    const store = await createStore();
    const nothing = { proposals: [], generation: null, interestsVersion: -1, recent: new Set() };
    assert.deepEqual(await store.read('ann'), nothing);
    assert.deepEqual(await store.read(EVERYBODY), nothing);
  });

  test('proposals are read back whole, joined with those for everybody', async () => {
    const store = await createStore();
    const items = [someItem('oats', 0.1 + 0.2, { because: someCause(), popularity: 1 / 3 })];
    const own = held(4, {
      model: 'medoid-neighbours',
      generation: 'g1',
      version: 9,
      items,
      recent: ['milk'],
    });
    const shared = held(8, { userId: EVERYBODY, version: -1 });
    assert.equal(await store.put(own), true);
    assert.equal(await store.put(shared), true);
    assert.deepEqual(await store.read('ann'), joinPools([own], [shared]));
    assert.deepEqual(await store.read('bob'), joinPools([], [shared]));
  });

  test('a repeated, earlier or staler proposal does nothing, a newer one replaces its model alone', async () => {
    const store = await createStore();
    const other = held(1, { model: 'sequence', version: 1 });
    const newest = held(7, { version: 4, items: [someItem('tea', 1)] });
    assert.equal(await store.put(other), true);
    assert.equal(await store.put(held(5, { version: 4 })), true);
    assert.equal(await store.put(newest), true);
    assert.equal(await store.put(newest), false, 'repeated');
    assert.equal(await store.put(held(6, { version: 5 })), false, 'earlier in the log');
    assert.equal(await store.put(held(8, { version: 3 })), false, 'of staler interests');
    assert.deepEqual(await store.read('ann'), joinPools([newest, other], []));
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
