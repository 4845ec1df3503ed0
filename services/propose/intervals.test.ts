import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction, logged, RECORDED_AT } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { Intervals } from './intervals.ts';

const DAY = 86_400_000;
const buy = (userId: string, day: number, change: Partial<UserAction> = {}) =>
  logged(anAction({ userId, itemId: 'milk', occurredAt: RECORDED_AT + day * DAY, ...change }));

/** Six users who buy milk every week, and one who buys it every four weeks. */
function weekly(): ReturnType<typeof buy>[] {
  const users = Array.from({ length: 6 }, (_, user) => [0, 7].map((day) => buy(`u${user}`, day)));
  return [...users.flat(), buy('rare', 0), buy('rare', 28)];
}

describe('the times between purchases', () => {
  it('the usual time is the geometric mean over all users, in whichever order the partitions are read', () => {
    const [forward, backward] = [new Intervals({ seenMib: 1 }, 2), new Intervals({ seenMib: 1 }, 2)];
    const actions = weekly().map((action, place) => ({ action, partition: place < 6 ? 0 : 1 }));
    for (const { action, partition } of actions) forward.apply(action, partition);
    for (const read of [1, 0])
      for (const { action, partition } of actions) if (partition === read) backward.apply(action, partition);
    assert.ok(Math.abs(forward.usualDays('milk')! - 7 * 4 ** (1 / 7)) < 0.01);
    assert.equal(backward.usualDays('milk'), forward.usualDays('milk'));
  });

  it('a repeated event, a second purchase of a day and an action of another type are no interval', () => {
    const intervals = new Intervals({ seenMib: 1 });
    for (const action of weekly()) {
      intervals.apply(action);
      intervals.apply(action);
      intervals.apply(
        logged({ ...action.value, type: 'view', occurredAt: action.value.occurredAt + 2 * DAY }),
      );
    }
    intervals.apply(buy('u0', 7.5));
    assert.ok(Math.abs(intervals.usualDays('milk')! - 7 * 4 ** (1 / 7)) < 0.01);
  });

  it('an item that few users bought again has no usual time, and invalid actions are ignored', () => {
    const intervals = new Intervals({ seenMib: 1 });
    for (const day of [0, 7, 14]) intervals.apply(buy('u1', day));
    assert.equal(intervals.usualDays('milk'), undefined);
    for (let day = 0; day < 100; day += 7) intervals.apply(buy('', day));
    assert.equal(intervals.usualDays('milk'), undefined);
  });
});
