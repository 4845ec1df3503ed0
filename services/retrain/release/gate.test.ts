import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { someRelease } from '../records.testing.ts';
import { type OfflineMetrics, rejectionReason } from './gate.ts';

const GOOD: OfflineMetrics = { hitRateAt100: 0.3, contentHitRateAt100: 0.2, heldOutPairs: 1_000 };

function active(hitRateAt100: number) {
  return someRelease('g1', 'active', { metrics: { hitRateAt100 } });
}

describe('the gate', () => {
  it('a generation that is better than the content alone passes', () => {
    assert.equal(rejectionReason(GOOD, undefined), undefined);
    assert.equal(rejectionReason(GOOD, active(0.3)), undefined);
  });

  it('a generation below the content by more than two standard errors is rejected', () => {
    // √((0.2 · 0.8 + 0.166 · 0.834) / 1,000) = 0.0173
    assert.equal(rejectionReason({ ...GOOD, hitRateAt100: 0.167 }, undefined), undefined);
    assert.match(
      rejectionReason({ ...GOOD, hitRateAt100: 0.164 }, undefined) ?? '',
      /0\.1640 is below the content alone \(0\.2000\)/,
    );
  });

  it('a generation that finds clearly fewer new items than the active weights do for the same users is rejected', () => {
    const judged = (mean: number, high: number): OfflineMetrics => ({
      ...GOOD,
      activeHitRateAt100: 0.5,
      newItems: {
        users: 300,
        learned: 0.08 + mean,
        warmStart: { ndcg10: 0.08, gain: { mean, low: mean - 0.002, high } },
      },
    });
    assert.match(
      rejectionReason(judged(-0.01, -0.005), undefined) ?? '',
      /NDCG@10 of the new items of 300 users is 0\.0700, and 0\.0800 by the active/,
    );
    // Not material: less than a twentieth. Not sure: the interval reaches 0.
    assert.equal(rejectionReason(judged(-0.003, -0.001), undefined), undefined);
    assert.equal(rejectionReason(judged(-0.01, 0.001), undefined), undefined);
    assert.equal(
      rejectionReason(judged(0.01, 0.012), undefined),
      undefined,
      'the pairs of baskets do not decide',
    );
    const cold = { ...GOOD, activeHitRateAt100: 0.5, newItems: { users: 300, learned: 0.07 } };
    assert.notEqual(rejectionReason(cold, undefined), undefined, 'without a comparison the pairs decide');
  });

  it('the margin shrinks with the number of pairs', () => {
    const metrics = { ...GOOD, hitRateAt100: 0.176 };
    assert.notEqual(rejectionReason({ ...metrics, heldOutPairs: 10_000 }, undefined), undefined);
  });

  it('a generation a twentieth below the content passes, for any number of pairs', () => {
    const metrics = { contentHitRateAt100: 1, heldOutPairs: 100_000 };
    assert.equal(rejectionReason({ ...metrics, hitRateAt100: 0.951 }, undefined), undefined);
    assert.notEqual(rejectionReason({ ...metrics, hitRateAt100: 0.949 }, undefined), undefined);
  });

  it('a collapse relative to the active generation is rejected', () => {
    assert.equal(rejectionReason(GOOD, active(0.59)), undefined);
    assert.match(
      rejectionReason(GOOD, active(0.61)) ?? '',
      /less than half of the active generation's \(0\.6100\)/,
    );
  });

  it('a generation worse than the active weights on the same pairs is rejected, whatever the active release reports', () => {
    const metrics = { ...GOOD, activeHitRateAt100: 0.32 };
    // √((0.32 · 0.68 + 0.27 · 0.73) / 1,000) = 0.0204
    assert.equal(rejectionReason(metrics, active(0.9)), undefined);
    assert.match(
      rejectionReason({ ...metrics, hitRateAt100: 0.27 }, active(0.2)) ?? '',
      /0\.2700 is below the active generation's weights on the same pairs \(0\.3200\)/,
    );
  });

  it('an active generation without a figure is not compared', () => {
    assert.equal(rejectionReason(GOOD, someRelease('g1', 'active')), undefined);
  });

  it('figures of fewer than 50 pairs reject nothing', () => {
    const bad = { ...GOOD, hitRateAt100: 0 };
    assert.equal(rejectionReason({ ...bad, heldOutPairs: 49 }, active(0.9)), undefined);
    assert.notEqual(rejectionReason({ ...bad, heldOutPairs: 50 }, undefined), undefined);
  });

  it('figures that are not numbers are rejected, for any number of pairs', () => {
    for (const heldOutPairs of [0, 1_000]) {
      assert.notEqual(
        rejectionReason({ ...GOOD, heldOutPairs, hitRateAt100: Number.NaN }, undefined),
        undefined,
      );
      assert.notEqual(
        rejectionReason({ ...GOOD, heldOutPairs, contentHitRateAt100: Number.NaN }, undefined),
        undefined,
      );
    }
  });
});
