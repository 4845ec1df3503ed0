import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expectedInterval, nextPurchaseDensity } from './next-purchase.ts';

describe('the next purchase of an item', () => {
  it('the expected interval moves from the usual one to that of the user, the more often the user bought', () => {
    const after = (count: number) => expectedInterval({ own: { count, days: 7 }, usualDays: 28 });
    assert.ok(Math.abs(after(2) - 14) < 1e-9, 'two intervals weigh as much as the usual one');
    assert.ok(after(1) > after(2) && after(2) > after(50));
    assert.ok(Math.abs(after(1_000) - 7) < 0.1);
    assert.ok(Math.abs(expectedInterval({ own: { count: 3, days: 9 }, usualDays: undefined }) - 9) < 1e-9);
  });

  it('an item that is due comes before one that was just bought and one that was left for long', () => {
    const due = nextPurchaseDensity(7, 7);
    assert.ok(due > nextPurchaseDensity(0, 7));
    assert.ok(due > nextPurchaseDensity(1, 7));
    assert.ok(due > nextPurchaseDensity(60, 7));
    assert.ok(due > nextPurchaseDensity(60, 60), 'of two that are due, the more frequent one comes first');
  });

  it('the density is that of the log-normal distribution, which sums up to 1, and is always finite', () => {
    const step = 0.01;
    let sum = 0;
    for (let day = step; day < 400; day += step)
      sum += (Math.exp(nextPurchaseDensity(day, 7)) / (0.7 * Math.sqrt(2 * Math.PI))) * step;
    assert.ok(Math.abs(sum - 1) < 0.01, `${sum}`);
    for (const days of [0, 1e-9, 1e6])
      assert.ok(
        Number.isFinite(nextPurchaseDensity(days, days)) && Number.isFinite(nextPurchaseDensity(-1, days)),
      );
  });
});
