import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyRewards, someRewards } from './rewards.testing.ts';
import { nothingLearned } from './rewards.ts';
import type { HeldStatistics, StatisticsStore } from './store.ts';

function learnedFrom(count: number, offset: number): HeldStatistics {
  const learned = nothingLearned();
  applyRewards(learned, someRewards(count));
  return { learned, offset };
}

/** The contract of every store of statistics. Each test uses a store of its own. */
export function testStatisticsStore(createStore: () => Promise<StatisticsStore>): void {
  test('a partition without writes has empty statistics', async () => {
    const store = await createStore();
    assert.deepEqual(await store.load(3), { learned: nothingLearned(), offset: -1 });
  });

  test('statistics are read back to the last bit, by their partition alone', async () => {
    const store = await createStore();
    assert.equal(await store.save(3, learnedFrom(20, 41)), true);
    assert.deepEqual(await store.load(3), learnedFrom(20, 41));
    assert.deepEqual(await store.load(4), { learned: nothingLearned(), offset: -1 });
  });

  test('a write that includes no more of the log than the stored statistics does nothing', async () => {
    const store = await createStore();
    await store.save(3, learnedFrom(20, 41));
    assert.equal(await store.save(3, learnedFrom(19, 41)), false);
    assert.equal(await store.save(3, learnedFrom(10, 7)), false);
    assert.deepEqual(await store.load(3), learnedFrom(20, 41));
  });
}
