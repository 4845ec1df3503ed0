import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeStatistics } from '#algorithms/bandit/statistics.ts';
import { COLUMNS_OF_VERSION_1 } from '../features.ts';
import { applyRewards, someReward, someRewards } from './rewards.testing.ts';
import { MAX_COLUMNS, nothingLearned } from './rewards.ts';

test('duplicates do not count: the sums equal those of each reward once, to the last bit', () => {
  const repeated = fc.array(fc.record({ back: fc.nat(5), size: fc.integer({ min: 1, max: 6 }) }));
  fc.assert(
    fc.property(repeated, (steps) => {
      const once = someRewards(40);
      const log = [];
      let sent = 0;
      for (const { back, size } of steps) {
        log.push(...once.slice(Math.max(0, sent - back), sent + size));
        sent = Math.min(once.length, sent + size);
      }
      log.push(...once.slice(Math.max(0, sent - 3)));
      const [first, second] = [nothingLearned(), nothingLearned()];
      applyRewards(first, log);
      applyRewards(second, once);
      assert.deepEqual(encodeStatistics(first.statistics), encodeStatistics(second.statistics));
      assert.equal(first.sequence, 40);
    }),
  );
});

test('rewards with mismatched features or invalid values are skipped, and learning continues', () => {
  const learned = nothingLearned();
  const outcomes = applyRewards(learned, [
    someReward(1),
    someReward(1),
    someReward(2, { features: [1, 2, 3] }),
    someReward(3, { features: [1, 2, 3], featureNames: [] }),
    someReward(4, { features: [1, 2], featureNames: ['bias', 'bias'] }),
    someReward(5, { features: [1, 2], featureNames: ['bias', '__proto__'] }),
    someReward(6, { reward: Number.NaN }),
    someReward(7),
  ]);
  const expected = [
    'taken',
    'repeat',
    'other-features',
    'other-features',
    'other-features',
    'other-features',
    'invalid',
    'taken',
  ];
  assert.deepEqual(outcomes, expected);
  assert.equal(learned.statistics.count, 2);
  assert.equal(learned.sequence, 7);
});

test('a reward without names uses the columns of version 1', () => {
  const features = COLUMNS_OF_VERSION_1.map((_, index) => index / 8);
  const [unnamed, named] = [nothingLearned(), nothingLearned()];
  assert.deepEqual(applyRewards(unnamed, [someReward(1, { features, featureNames: [] })]), ['taken']);
  applyRewards(named, [someReward(1, { features, featureNames: COLUMNS_OF_VERSION_1 })]);
  assert.deepEqual(unnamed, named);
});

test('a new model adds its columns, and nothing that was learned before is dropped', () => {
  const learned = nothingLearned();
  applyRewards(learned, [someReward(1, { features: [1, 2], featureNames: ['bias', 'trending.score'] })]);
  applyRewards(learned, [someReward(2, { features: [1, 4], featureNames: ['bias', 'hybrid.score'] })]);
  assert.deepEqual([...learned.statistics.columns.keys()], ['bias', 'trending.score', 'hybrid.score']);
  assert.deepEqual([...learned.statistics.precision], [2, 2, 4, 2, 4, 0, 4, 0, 16]);
});

test('the number of columns is bounded: a reward that would exceed it is skipped, rewards of known columns are used', () => {
  const learned = nothingLearned();
  const columns = Array.from({ length: MAX_COLUMNS }, (_, index) => `model-${index}.score`);
  const outcomes = applyRewards(learned, [
    someReward(1, { features: columns.map(() => 1), featureNames: columns }),
    someReward(2, { features: [1, 1], featureNames: ['model-0.score', 'model-128.score'] }),
    someReward(3, { features: [1, 1], featureNames: ['model-0.score', 'model-1.score'] }),
  ]);
  assert.deepEqual(outcomes, ['taken', 'too-many-columns', 'taken']);
  assert.equal(learned.statistics.columns.size, MAX_COLUMNS);
});
