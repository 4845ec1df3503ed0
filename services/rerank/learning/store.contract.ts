import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateLost } from '#platform/kafka/held-state.ts';
import { applyRewards, someReward, someRewards } from './rewards.testing.ts';
import { nothingLearned } from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

function learnedFrom(count: number, offset: number): HeldStatistics {
  const learned = nothingLearned();
  applyRewards(learned, someRewards(count));
  return { learned, offset, incarnation: undefined };
}

/** What the store answers: nothing has changed since. */
function stored(held: HeldStatistics): HeldStatistics {
  return { ...held, learned: { ...held.learned, changed: new Set() } };
}

const NOTHING = { learned: nothingLearned(), offset: -1, incarnation: undefined };

/** The contract of every store of statistics. Each test uses a store of its own. */
export function testStatisticsStore(createStore: () => Promise<StatisticsStore>): void {
  test('a partition without writes has empty statistics', async () => {
    const store = await createStore();
    assert.deepEqual(await store.load(3), NOTHING);
  });

  test('statistics are read back to the last bit, by their partition alone', async () => {
    const store = await createStore();
    assert.equal(await store.save(3, learnedFrom(20, 41)), true);
    assert.deepEqual(await store.load(3), stored(learnedFrom(20, 41)));
    assert.deepEqual(await store.load(4), NOTHING);
  });

  test('blocks that have not changed stay as they are', async () => {
    const store = await createStore();
    const { learned } = learnedFrom(20, 41);
    const week = 7 * 86_400_000;
    await store.save(3, { learned, offset: 41, incarnation: undefined });
    learned.changed.clear();
    const servedAt = someReward(1).servedAt + week;
    applyRewards(learned, [someReward(21, { servedAt }), someReward(22, { servedAt })]);
    assert.equal(learned.changed.size, 1);
    await store.save(3, { learned, offset: 42, incarnation: undefined });
    assert.deepEqual(await store.load(3), stored({ learned, offset: 42, incarnation: undefined }));
    assert.equal(learned.blocks.size, 2);
  });

  test('a write that includes no more of the log than the stored statistics does nothing', async () => {
    const store = await createStore();
    await store.save(3, learnedFrom(20, 41));
    assert.equal(await store.save(3, learnedFrom(19, 41)), false);
    assert.equal(await store.save(3, learnedFrom(10, 7)), false);
    assert.deepEqual(await store.load(3), stored(learnedFrom(20, 41)));
  });

  test('the head keeps its topic while statistics are saved, and is deleted with them', async () => {
    const store = await createStore();
    assert.equal(await store.readHead(3), undefined);
    await store.writeHead(3, { offset: -1, topicId: 'a', incarnation: 'i' });
    assert.deepEqual(await store.load(3), { ...NOTHING, incarnation: 'i' });
    await store.save(3, learnedFrom(20, 41));
    assert.deepEqual(await store.readHead(3), { offset: 41, topicId: 'a', incarnation: 'i' });
    const change = { offset: -1, topicId: 'b', incarnation: 'j' };
    for (const replaces of ['of a copy', null])
      await assert.rejects(store.writeHead(3, { ...change, replaces }), StateLost);
    assert.deepEqual(await store.readHead(3), { offset: 41, topicId: 'a', incarnation: 'i' });
    await store.writeHead(3, { ...change, replaces: 'i' });
    await store.writeHead(3, { ...change, replaces: null });
    assert.deepEqual(await store.readHead(3), change);
    await store.clear(3);
    assert.equal(await store.readHead(3), undefined);
    assert.deepEqual(await store.load(3), NOTHING);
  });

  test('statistics are saved only on the state that they continue', async () => {
    const store = await createStore();
    const known = { offset: 7, incarnation: 'i' };
    await assert.rejects(store.save(3, learnedFrom(9, 9), known), StateLost);
    await store.writeHead(3, { offset: 6, topicId: 'a', incarnation: 'i' });
    await assert.rejects(store.save(3, learnedFrom(9, 9), known), StateLost);
    await store.writeHead(3, { offset: 8, topicId: undefined, incarnation: 'of a copy' });
    await assert.rejects(store.save(3, learnedFrom(9, 9), known), StateLost);
    assert.equal((await store.load(3)).offset, 8);
    await store.writeHead(3, { offset: undefined, topicId: undefined, incarnation: 'i' });
    assert.equal(await store.save(3, learnedFrom(9, 9), known), true);
    assert.deepEqual(await store.load(3), { ...stored(learnedFrom(9, 9)), incarnation: 'i' });
  });
}
