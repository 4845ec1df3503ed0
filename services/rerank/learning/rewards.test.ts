import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleWeights } from '#algorithms/bandit/linear.ts';
import { encodeStatistics } from '#algorithms/bandit/statistics.ts';
import { createRandom } from '#algorithms/random.ts';
import { COLUMNS_OF_VERSION_1 } from '../features.ts';
import { learnPosterior } from './posterior.ts';
import { applyRewards, someReward, someRewards } from './rewards.testing.ts';
import { believableLearned, MAX_COLUMNS, nothingLearned } from './rewards.ts';

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

test('a posterior exists after any rewards within the bounds, also after those with equal and extreme features', () => {
  const extreme = fc.constantFrom(0, 5e-324, 1e-160, 1, -1_000, 1_000, 999.999_999);
  const names = ['bias', 'a.score', 'b.score', 'c.score'];
  const rewards = fc.array(fc.tuple(extreme, extreme, fc.constantFrom(-1e6, 0, 1e6)), { maxLength: 40 });
  fc.assert(
    fc.property(rewards, (drawn) => {
      const learned = nothingLearned();
      const outcomes = applyRewards(
        learned,
        drawn.map(([x, y, reward], i) =>
          // Two columns are equal, and one is their double: the sums alone have no inverse.
          someReward(i + 1, { featureNames: names, features: [x, x, y / 2, y], reward }),
        ),
      );
      assert.ok(outcomes.every((outcome) => outcome === 'taken'));
      assert.equal(believableLearned(learned), learned);
      const { posterior } = learnPosterior([learned.statistics], { priorDeviation: 1, noiseVariance: 1e-3 });
      assert.ok(posterior.mean.every(Number.isFinite));
      assert.ok(sampleWeights(posterior, createRandom(1)).every(Number.isFinite));
    }),
  );
});
