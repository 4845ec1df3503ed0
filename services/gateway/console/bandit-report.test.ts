import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aReward, aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import { banditReport } from './bandit-report.ts';

describe('the report of the bandit', () => {
  const slate = aSlate({
    slateId: 's1',
    servedAt: 5,
    observations: 40,
    slots: [aSlot({ models: ['trending', 'behaviour'] }), aSlot({ models: ['trending'] })],
  });
  const rewards = [
    aReward({ slateId: 's1', slot: 0, reward: 1, propensity: 0.5 }),
    aReward({ slateId: 's1', slot: 1, reward: 0, propensity: 0.1 }),
    aReward({ slateId: 'older than what was read', slot: 0, reward: 0.5, propensity: 0.3 }),
  ];

  it('gives the mean reward of each model and place with its interval, the best model first', () => {
    const { byModel, bySlot, policy, observations, slates } = banditReport(
      [aSlate({ slateId: 's0', servedAt: 1 }), slate],
      rewards,
    );
    assert.deepEqual([policy, observations, slates], [slate.policy, 40, 2]);
    assert.deepEqual(
      byModel.map(({ name, shown, mean }) => [name, shown, mean]),
      [
        ['behaviour', 1, 1],
        ['trending', 2, 0.5],
      ],
    );
    assert.equal(byModel[0]!.margin, 0, 'one reward has no interval');
    assert.ok(Math.abs(byModel[1]!.margin - 1.96 * Math.sqrt(0.5 / 2)) < 1e-12);
    assert.deepEqual(
      bySlot.map(({ name, shown, mean, propensity }) => [name, shown, mean, propensity]),
      [
        ['1', 2, 0.75, 0.4],
        ['2', 1, 0, 0.1],
      ],
    );
  });

  it('is empty where nothing was shown', () => {
    const { exploration, support, ...rest } = banditReport([], []);
    assert.deepEqual(rest, { policy: null, observations: 0, slates: 0, byModel: [], bySlot: [] });
    assert.deepEqual(exploration, { slots: 0, items: 0, effectiveItems: 0, meanPropensity: 0 });
    assert.ok(support.every(({ slots, share }) => slots === 0 && share === 0));
  });

  it('shows how widely the slates chose, and how likely what was shown was', () => {
    const shown = (itemId: string, propensity: number) => aSlot({ itemId, propensity });
    const { exploration, support } = banditReport(
      [
        aSlate({ slateId: 'a', slots: [shown('tea', 1), shown('oats', 0.05)] }),
        aSlate({ slateId: 'b', slots: [shown('tea', 0.9), shown('soap', 0.05)] }),
      ],
      [],
    );
    assert.deepEqual([exploration.slots, exploration.items, exploration.meanPropensity], [4, 3, 0.5]);
    // Shares of one half, a quarter and a quarter.
    assert.ok(Math.abs(exploration.effectiveItems - 1 / (0.25 + 0.0625 + 0.0625)) < 1e-12);
    assert.deepEqual(
      support.map(({ upTo, slots }) => [upTo, slots]),
      [
        [0.001, 0],
        [0.01, 0],
        [0.1, 2],
        [0.5, 0],
        [1, 2],
      ],
    );
  });
});
