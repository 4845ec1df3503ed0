import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeStatistics } from '#algorithms/bandit/statistics.ts';
import { someReward, someRewards } from './rewards.testing.ts';
import { applyRewards, nothingLearned } from './rewards.ts';

test('repeats do not count: the sums are to the last bit those of each reward once', () => {
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

test('rewards of other features and values that are no numbers are passed over, and learning goes on', () => {
  const learned = nothingLearned();
  const outcomes = applyRewards(learned, [
    someReward(1),
    someReward(1),
    someReward(2, { features: [1, 2, 3] }),
    someReward(3, { reward: Number.NaN }),
    someReward(4),
  ]);
  assert.deepEqual(outcomes, ['taken', 'repeat', 'other-features', 'invalid', 'taken']);
  assert.equal(learned.statistics.count, 2);
  assert.equal(learned.sequence, 4);
});
