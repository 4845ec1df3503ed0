import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleWeights } from '#algorithms/bandit/linear.ts';
import { createRandom } from '#algorithms/random.ts';
import { COLUMNS_OF_VERSION_1 } from '../features.ts';
import { encodeBlock, type LearnedBlock } from './blocks.ts';
import { learnPosterior } from './posterior.ts';
import { applyRewards, someReward, someRewards, TERMS } from './rewards.testing.ts';
import { believableLearned, type Learned, MAX_COLUMNS, nothingLearned } from './rewards.ts';

function onlyBlock({ blocks }: Learned): LearnedBlock {
  assert.equal(blocks.size, 1);
  return [...blocks.values()][0]!;
}

function bytesOf({ blocks }: Learned): Uint8Array[] {
  return [...blocks.values()].map(encodeBlock);
}

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
      assert.deepEqual(bytesOf(first), bytesOf(second));
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
  assert.equal(onlyBlock(learned).statistics.count, 1);
  assert.equal(learned.open?.slots.length, 1, 'the slate of the last one is not complete');
  assert.equal(learned.sequence, 7);
});

test('a reward without names uses the columns of version 1', () => {
  const features = COLUMNS_OF_VERSION_1.map((_, index) => index / 8);
  const [unnamed, named] = [nothingLearned(), nothingLearned()];
  const slate = (featureNames: readonly string[]) => [
    someReward(1, { features, featureNames }),
    someReward(2, { features: features.toReversed(), featureNames }),
  ];
  assert.deepEqual(applyRewards(unnamed, slate([])), ['taken', 'taken']);
  applyRewards(named, slate(COLUMNS_OF_VERSION_1));
  assert.deepEqual(unnamed, named);
  assert.ok(onlyBlock(named).statistics.moment.some((sum) => sum !== 0));
});

test('a new model adds its columns, and nothing that was learned before is dropped', () => {
  const learned = nothingLearned();
  const slate = (first: number, featureNames: readonly string[]) => [
    someReward(first, { features: [1, 2], featureNames }),
    someReward(first + 1, { features: [1, 4], featureNames }),
  ];
  applyRewards(learned, slate(1, ['bias', 'trending.score']));
  const before = onlyBlock(learned).statistics.precision[1 * 4 + 1]!;
  applyRewards(learned, slate(3, ['bias', 'hybrid.score']));
  const { columns } = onlyBlock(learned).statistics;
  const names = ['bias', 'trending.score', 'at.slot-0', 'at.slot-1', 'hybrid.score'];
  assert.deepEqual([...columns.keys()], names);
  assert.ok(before > 0);
  assert.equal(onlyBlock(learned).statistics.precision[1 * 5 + 1], before);
});

test('the number of columns is bounded: a reward that would exceed it is skipped, rewards of known columns are used', () => {
  const learned = nothingLearned();
  const columns = Array.from({ length: MAX_COLUMNS }, (_, index) => `model-${index}.score`);
  const outcomes = applyRewards(learned, [
    ...[1, 2].map((n) => someReward(n, { features: columns.map(() => n), featureNames: columns })),
    ...[3, 4].map((n) =>
      someReward(n, { features: [n, 1], featureNames: ['model-0.score', 'model-128.score'] }),
    ),
    ...[5, 6].map((n) =>
      someReward(n, { features: [n, 1], featureNames: ['model-0.score', 'model-1.score'] }),
    ),
  ]);
  const tooMany = ['too-many-columns', 'too-many-columns'];
  assert.deepEqual(outcomes, ['taken', 'taken', ...tooMany, 'taken', 'taken']);
  assert.equal(onlyBlock(learned).statistics.columns.size, MAX_COLUMNS + 2, 'and two places');
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
      const { posterior } = learnPosterior([learned], {
        ...TERMS,
        priorDeviation: 1,
        noiseVariance: 1e-3,
      });
      assert.ok(posterior.mean.every(Number.isFinite));
      assert.ok(sampleWeights(posterior, createRandom(1)).every(Number.isFinite));
    }),
  );
});

test('the rewards of a slate are added together, wherever the log is cut between them', () => {
  const [whole, cut] = [nothingLearned(), nothingLearned()];
  applyRewards(whole, someRewards(6));
  applyRewards(cut, someRewards(3));
  assert.equal(cut.open?.slateId, 'slate 2');
  const restored = { ...cut, open: JSON.parse(JSON.stringify(cut.open)) };
  applyRewards(restored, someRewards(6).slice(1));
  assert.deepEqual(bytesOf(restored), bytesOf(whole));
  assert.equal(restored.open, null);
});

test('a slate whose number of slots is not known is added when the next one begins', () => {
  const learned = nothingLearned();
  applyRewards(
    learned,
    [1, 2, 3].map((sequence) => someReward(sequence, { slots: 0 })),
  );
  assert.deepEqual([onlyBlock(learned).statistics.count, learned.open?.slateId], [2, 'slate 2']);
});

test('what is the same for all candidates of a slate is no column, but its products with the scores of models are', () => {
  const learned = nothingLearned();
  const featureNames = ['bias', 'trending.score', 'at.history', 'at.weekend'];
  applyRewards(
    learned,
    [1, 2].map((sequence) => someReward(sequence, { featureNames, features: [1, sequence, 0.5, 1] })),
  );
  assert.deepEqual(
    [...onlyBlock(learned).statistics.columns.keys()],
    ['bias', 'trending.score', 'trending.score.x.history', 'at.slot-0', 'at.slot-1'],
  );
});

test('rewards count half after the half-life, and are forgotten after four of them', () => {
  const halfLifeMs = 1_000;
  const terms = { ...TERMS, halfLifeMs };
  const at = (blocks: number) => {
    const learned = nothingLearned();
    const { servedAt } = someReward(1);
    applyRewards(learned, [someReward(1), someReward(2)], terms);
    applyRewards(
      learned,
      [3, 4].map((sequence) =>
        someReward(sequence, {
          ...{ featureNames: ['bias', 'new.score'], features: [1, sequence] },
          servedAt: servedAt + blocks * halfLifeMs,
        }),
      ),
      terms,
    );
    return learnPosterior([learned], { halfLifeMs, priorDeviation: 1e6, noiseVariance: 1 });
  };
  assert.equal(at(1).observations, 4);
  assert.equal(at(3).observations, 4);
  assert.equal(at(4).observations, 2);
  assert.equal(at(9).observations, 2);
});
