import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { StateLost } from '#platform/kafka/held-state.ts';
import { joinPools, MAX_MODELS } from './pool.ts';
import { held, NOW, someCause, someItem } from './proposals.testing.ts';
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
    assert.equal(await store.put(0, own), 'held');
    assert.equal(await store.put(0, shared), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([own], [shared]));
    assert.deepEqual(await store.read('bob'), joinPools([], [shared]));
  });

  test('a repeated, earlier or staler proposal does nothing, and a newer one replaces only its model', async () => {
    const store = await createStore();
    const other = held(1, { model: 'sequence', version: 1 });
    const newest = held(7, { version: 4, items: [someItem('tea', 1)] });
    assert.equal(await store.put(0, other), 'held');
    assert.equal(await store.put(0, held(5, { version: 4 })), 'held');
    assert.equal(await store.put(0, newest), 'held');
    assert.equal(await store.put(0, newest), 'stale', 'repeated');
    assert.equal(await store.put(0, held(6, { version: 5 })), 'stale', 'earlier in the log');
    assert.equal(await store.put(0, held(8, { version: 3 })), 'stale', 'of staler interests');
    assert.deepEqual(await store.read('ann'), joinPools([newest, other], []));
  });

  test('a pool accepts no more models than its limit, and its models can still be updated', async () => {
    const store = await createStore();
    const models = ['constructor', ...Array.from({ length: MAX_MODELS - 1 }, (_, index) => `model-${index}`)];
    for (const [offset, model] of models.entries()) {
      assert.equal(await store.put(0, held(offset, { model })), 'held');
    }
    assert.equal(await store.put(0, held(40, { model: 'one-more' })), 'full');
    assert.equal(await store.put(0, held(41, { model: 'constructor' })), 'held');
    assert.equal(
      await store.put(0, held(42, { model: 'one-more', userId: 'bob' })),
      'held',
      'of another user',
    );
    const { proposals } = await store.read('ann');
    assert.deepEqual(proposals.map(({ model }) => model).sort(), models.sort());
  });

  test('an erased user has no pool, and others keep theirs', async () => {
    const store = await createStore();
    const [ann, bob] = [held(1), held(2, { userId: 'bob' })];
    await store.put(0, ann);
    await store.put(0, bob);
    await store.erase('ann');
    assert.deepEqual(await store.read('ann'), joinPools([], []));
    assert.deepEqual(await store.read('bob'), joinPools([bob], []));
  });

  test('each read returns the newest proposals, also after earlier reads of the same pool', async () => {
    const store = await createStore();
    for (let offset = 1; offset < 5; offset++) {
      const newest = held(offset, { version: offset });
      await store.put(0, newest);
      assert.deepEqual(await store.read('ann'), joinPools([newest], []));
      assert.deepEqual(await store.read('ann'), joinPools([newest], []));
    }
    await store.erase('ann');
    assert.deepEqual(await store.read('ann'), joinPools([], []));
    const again = held(4, { version: 4 });
    await store.put(0, again);
    assert.deepEqual(await store.read('ann'), joinPools([again], []));
  });

  test('the head advances in the order of the log, and only if it includes what came before', async () => {
    const store = await createStore();
    await assert.rejects(store.advance(3, 9, { readFrom: 5 }), StateLost);
    await store.writeHead(3, { offset: 4, topicId: 'a', incarnation: 'i' });
    await store.advance(3, 9, { readFrom: 5, incarnation: 'i' });
    await store.advance(3, 7, { readFrom: 5 });
    await store.advance(3, 12, {});
    assert.deepEqual(await store.readHead(3), { offset: 12, topicId: 'a', incarnation: 'i' });
    await assert.rejects(store.advance(3, 20, { readFrom: 14 }), StateLost);
    await assert.rejects(store.advance(3, 20, { readFrom: 13, incarnation: 'of a copy' }), StateLost);
    await assert.rejects(store.advance(3, 20, { incarnation: 'of a copy' }), StateLost);
    await store.advance(3, 13, { incarnation: 'i' });
    assert.equal((await store.readHead(3))?.offset, 13);
    await store.clear(3);
    assert.equal(await store.readHead(3), undefined);
  });

  test('proposals of a topic that was made anew replace those of the old one, whatever their offsets', async () => {
    const store = await createStore();
    await store.writeHead(0, { offset: -1, topicId: 'a', incarnation: undefined });
    await store.put(0, held(70, { version: 50, receivedAt: NOW }));
    await store.put(0, held(71, { model: 'sequence' }));
    await store.writeHead(0, { offset: -1, topicId: 'b', incarnation: undefined });
    const first = held(0, { version: 3, receivedAt: NOW + 1 });
    assert.equal(await store.put(0, first), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([first], []));
  });

  test('an older version counts if its action was received later, as after actions were made anew', async () => {
    const store = await createStore();
    await store.put(0, held(1, { version: 50, receivedAt: NOW }));
    assert.equal(await store.put(0, held(2, { version: 3, receivedAt: NOW })), 'stale');
    const anew = held(3, { version: 3, receivedAt: NOW + 1 });
    assert.equal(await store.put(0, anew), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([anew], []));
  });
}
