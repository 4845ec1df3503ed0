import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aReward, aSlate } from '#contracts/domain/records.testing.ts';
import { shownSlate } from './build-rewards.ts';
import { parseReward, rewardBytes } from './slate-bytes.ts';

test('a slate whose arm learns apart keeps the arm for its rewards, and costs no more where learning is shared', () => {
  assert.equal(shownSlate(aSlate({ learner: 'autumn/new' }), undefined).learner, 'autumn/new');
  assert.ok(!('learner' in shownSlate(aSlate({ learner: '' }), undefined)));
});

test('a queued reward of an earlier version, which names no learner, is of shared learning', () => {
  const { learner, ...earlier } = aReward({ learner: 'autumn/new' });
  assert.equal(parseReward(rewardBytes({ reward: { ...earlier, learner } })).reward.learner, 'autumn/new');
  const stored = rewardBytes({ reward: earlier as ReturnType<typeof aReward> });
  assert.equal(parseReward(stored).reward.learner, '');
});
