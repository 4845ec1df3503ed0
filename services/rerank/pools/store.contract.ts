import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { StateLost } from '#platform/kafka/held-state.ts';
import { joinPools, MAX_MODELS } from './pool.ts';
import { arriving, held, NOW, putHeld, putOne, someCause, someItem } from './proposals.testing.ts';
import type { Showing } from './shown-items.ts';
import type { PoolStore } from './store.ts';

/** The contract of every store of pools. Each test uses a store of its own. */
export function testPoolStore(createStore: () => Promise<PoolStore>): void {
  test('a pool without writes is empty', async () => {
    const store = await createStore();
    const nothing = {
      proposals: [],
      generation: null,
      interestsVersion: -1,
      lastReceivedAt: null,
      recent: new Set(),
    };
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
    assert.equal(await putHeld(store, own), 'held');
    assert.equal(await putHeld(store, shared), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([own], [shared]));
    assert.deepEqual(await store.read('bob'), joinPools([], [shared]));
  });

  test('showings without a reaction are read with the pool, also of a user without one, and count once', async () => {
    const store = await createStore();
    const showing = (offset: number, change: Partial<Showing> = {}): Showing => {
      return { offset, userId: 'ann', itemId: 'tea', servedAt: NOW, hasReaction: false, ...change };
    };
    const countsOf = async (userId: string) =>
      [...(await store.readFor(userId)).shown.values()].map(({ itemId, count }) => `${itemId} ${count}`);
    assert.deepEqual(await countsOf('ann'), []);
    const first = [showing(1), showing(2, { userId: 'bob' }), showing(3)];
    await store.noteShown('a', first);
    await store.noteShown('a', first);
    assert.deepEqual([await countsOf('ann'), await countsOf('bob')], [['tea 2'], ['tea 1']]);
    await putOne(store, 4, { model: 'sequence' });
    const { pool, shown } = await store.readFor('ann');
    assert.deepEqual(pool, await store.read('ann'));
    assert.equal(shown.get('tea')?.count, 2);
    await store.noteShown('a', [showing(5, { itemId: 'rye' }), showing(6, { hasReaction: true })]);
    assert.deepEqual(await countsOf('ann'), ['rye 1']);
    assert.deepEqual(await store.readFor('ann').then((read) => read.pool), pool);
    await store.noteShown('b', [showing(0, { itemId: 'oats' })]);
    assert.deepEqual(await countsOf('ann'), ['oats 1'], 'another state of the log begins again');
    await store.erase('ann');
    assert.deepEqual([await countsOf('ann'), await countsOf('bob')], [[], ['tea 1']]);
  });

  test('a repeated, earlier or staler proposal does nothing, and a newer one replaces only its model', async () => {
    const store = await createStore();
    const other = held(1, { model: 'sequence', version: 1 });
    const newest = held(7, { version: 4, items: [someItem('tea', 1)] });
    assert.equal(await putHeld(store, other), 'held');
    assert.equal(await putOne(store, 5, { version: 4 }), 'held');
    assert.equal(await putHeld(store, newest), 'renewed');
    assert.equal(await putHeld(store, newest), 'stale', 'repeated');
    assert.equal(await putOne(store, 6, { version: 5 }), 'stale', 'earlier in the log');
    assert.equal(await putOne(store, 8, { version: 3 }), 'stale', 'of staler interests');
    assert.deepEqual(await store.read('ann'), joinPools([newest, other], []));
  });

  test('a pool accepts no more models than its limit, and its models can still be updated', async () => {
    const store = await createStore();
    const models = ['constructor', ...Array.from({ length: MAX_MODELS - 1 }, (_, index) => `model-${index}`)];
    for (const [offset, model] of models.entries()) {
      assert.equal(await putOne(store, offset, { model }), 'held');
    }
    assert.equal(await putOne(store, 40, { model: 'one-more' }), 'full');
    assert.equal(await putOne(store, 41, { model: 'constructor' }), 'renewed');
    assert.equal(await putOne(store, 42, { model: 'one-more', userId: 'bob' }), 'held', 'of another user');
    const { proposals } = await store.read('ann');
    assert.deepEqual(proposals.map(({ model }) => model).sort(), models.sort());
  });

  /** The first item of each list in the pool of ann. */
  const itemsOf = async (store: PoolStore): Promise<string[]> =>
    (await store.read('ann')).proposals.map(({ candidates, places }) => candidates.itemIds[places[0]!]!);

  test('a record of several models replaces the lists that it names, and a record of one of them its own alone', async () => {
    const store = await createStore();
    const both = arriving(3, { a: 'g1', b: 'g1' }, { version: 3 });
    const others = { b: 'g1', c: null };
    assert.deepEqual(await store.put(0, [both]), [['held', 'held']]);
    assert.deepEqual(await itemsOf(store), ['a 3', 'b 3']);
    assert.deepEqual(await store.put(0, [arriving(5, others, { version: 5 })]), [['held', 'held']]);
    assert.deepEqual(await itemsOf(store), ['a 3', 'b 5', 'c 5']);
    assert.deepEqual(await store.put(0, [both]), [['stale', 'stale']], 'repeated');
    assert.deepEqual(await store.put(0, [arriving(7, { a: 'g1' }, { version: 5 })]), [['held']]);
    assert.deepEqual(await itemsOf(store), ['a 7', 'b 5', 'c 5']);
  });

  test('a record for older interests replaces only the lists of models that have no newer one', async () => {
    const store = await createStore();
    await store.put(0, [arriving(3, { a: null }, { version: 9 })]);
    const late = arriving(4, { a: null, b: null }, { version: 8 });
    assert.deepEqual(await store.put(0, [late]), [['stale', 'held']]);
    assert.deepEqual(await itemsOf(store), ['a 3', 'b 4']);
  });

  test('only the models of a record that are asked for are replaced', async () => {
    const store = await createStore();
    await store.put(0, [{ ...arriving(3, { a: null, b: null }), models: ['b'] }]);
    assert.deepEqual(await itemsOf(store), ['b 3']);
  });

  test('lists of a generation that another model has left are not read, whichever record holds them', async () => {
    const store = await createStore();
    await store.put(0, [arriving(3, { a: 'g1', b: 'g1', c: null }), arriving(4, { b: 'g2' })]);
    assert.deepEqual(await itemsOf(store), ['b 4', 'c 3']);
    assert.equal((await store.read('ann')).generation, 'g2');
  });

  test('the records of a batch are stored in their order, each in the pool of its user', async () => {
    const store = await createStore();
    const records = Array.from({ length: 250 }, (_, offset) => {
      const userId = offset % 2 === 0 ? 'ann' : `user ${offset}`;
      return arriving(offset, { a: null, b: null }, { userId, version: offset });
    });
    const outcomes = await store.put(0, records);
    assert.deepEqual(
      outcomes,
      Array.from(records, () => ['held', 'held']),
    );
    assert.deepEqual(await itemsOf(store), ['a 248', 'b 248']);
    assert.equal((await store.read('user 249')).interestsVersion, 249);
  });

  test('a full pool accepts the models of a record that it has, and none of the others', async () => {
    const store = await createStore();
    const names = Array.from({ length: MAX_MODELS }, (_, index) => [`model-${index}`, null] as const);
    await store.put(0, [arriving(3, Object.fromEntries(names))]);
    const more = arriving(4, { 'one-more': null, 'model-7': null });
    assert.deepEqual(await store.put(0, [more]), [['full', 'renewed']]);
    assert.equal((await store.read('ann')).proposals.length, MAX_MODELS);
  });

  test('an erased user has no pool, and others keep theirs', async () => {
    const store = await createStore();
    const [ann, bob] = [held(1), held(2, { userId: 'bob' })];
    await putHeld(store, ann);
    await putHeld(store, bob);
    await store.erase('ann');
    assert.deepEqual(await store.read('ann'), joinPools([], []));
    assert.deepEqual(await store.read('bob'), joinPools([bob], []));
  });

  test('each read returns the newest proposals, also after earlier reads of the same pool', async () => {
    const store = await createStore();
    for (let offset = 1; offset < 5; offset++) {
      const newest = held(offset, { version: offset });
      await putHeld(store, newest);
      assert.deepEqual(await store.read('ann'), joinPools([newest], []));
      assert.deepEqual(await store.read('ann'), joinPools([newest], []));
    }
    await store.erase('ann');
    assert.deepEqual(await store.read('ann'), joinPools([], []));
    const again = held(4, { version: 4 });
    await putHeld(store, again);
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

  test('records are stored only while the head is of the incarnation that the batch continues', async () => {
    const store = await createStore();
    const record = arriving(3, { a: null });
    await assert.rejects(store.put(0, [record], { incarnation: 'i' }), StateLost, 'there is no head');
    await store.writeHead(0, { offset: 2, topicId: 'a', incarnation: 'i' });
    await assert.rejects(store.put(0, [record], { incarnation: 'of a copy' }), StateLost);
    assert.deepEqual(await store.read('ann'), joinPools([], []));
    assert.deepEqual(await store.put(0, [record], { incarnation: 'i' }), [['held']]);
  });

  test('proposals of a topic that was made anew replace those of the old one, whatever their offsets', async () => {
    const store = await createStore();
    await store.writeHead(0, { offset: -1, topicId: 'a', incarnation: undefined });
    await putOne(store, 70, { version: 50, receivedAt: NOW });
    await putOne(store, 71, { model: 'sequence' });
    await store.writeHead(0, { offset: -1, topicId: 'b', incarnation: undefined });
    const first = held(0, { version: 3, receivedAt: NOW + 1 });
    assert.equal(await putHeld(store, first), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([first], []));
  });

  test('an answer to an earlier record of the same interests is stale, unless that was written later', async () => {
    const store = await createStore();
    await putOne(store, 1, {});
    assert.equal(await putOne(store, 2, { interestsOffset: 9, interestsAt: NOW }), 'renewed');
    assert.equal(await putOne(store, 3, { interestsOffset: 8, interestsAt: NOW - 1 }), 'stale');
    assert.equal(await putOne(store, 4, { interestsOffset: 8, interestsAt: NOW }), 'stale');
    const anew = held(5, { interestsOffset: 0, interestsAt: NOW + 1 });
    assert.equal(await putHeld(store, anew), 'renewed');
    assert.deepEqual(await store.read('ann'), joinPools([anew], []));
  });

  test('an older version counts if its action was received later, as after actions were made anew', async () => {
    const store = await createStore();
    await putOne(store, 1, { version: 50, receivedAt: NOW });
    assert.equal(await putOne(store, 2, { version: 3, receivedAt: NOW }), 'stale');
    const anew = held(3, { version: 3, receivedAt: NOW + 1 });
    assert.equal(await putHeld(store, anew), 'held');
    assert.deepEqual(await store.read('ann'), joinPools([anew], []));
  });
}
