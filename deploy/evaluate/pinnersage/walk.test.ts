import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import type { WindowAction } from '#algorithms/pinnersage/window.ts';
import { walkDays } from './walk.ts';

const history = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 60 }).map((days) =>
  days
    .toSorted((a, b) => a - b)
    .map(
      (day, i): WindowAction => ({
        eventId: String(i),
        itemId: `item ${i}`,
        type: 'buy',
        occurredAt: Math.floor(day * MILLISECONDS_PER_DAY),
        weight: 1,
      }),
    ),
);

test('a day has the actions of the 90 days before it, and none of its own or later', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 0, max: 300 }), (actions, fromDay) => {
      const from = fromDay * MILLISECONDS_PER_DAY;
      const walked = [...walkDays(actions, from)];
      for (const { now, window, later } of walked) {
        assert.ok(now > from && now % MILLISECONDS_PER_DAY === 0);
        assert.ok(
          later.every(({ occurredAt }) => occurredAt >= now && occurredAt < now + MILLISECONDS_PER_DAY),
        );
        const oldest = now - 90 * MILLISECONDS_PER_DAY;
        assert.deepEqual(
          window.actions,
          actions.filter(({ occurredAt }) => occurredAt < now && occurredAt >= oldest),
        );
      }
      const days = new Set(walked.map(({ now }) => now));
      assert.equal(days.size, walked.length);
      const unwalked = actions.filter(({ occurredAt }) => {
        const day = Math.floor(occurredAt / MILLISECONDS_PER_DAY) * MILLISECONDS_PER_DAY;
        return day > from && !days.has(day);
      });
      for (const { occurredAt } of unwalked) {
        const day = Math.floor(occurredAt / MILLISECONDS_PER_DAY) * MILLISECONDS_PER_DAY;
        const before = actions.filter((action) => action.occurredAt < day);
        assert.ok(before.every((action) => action.occurredAt < day - 90 * MILLISECONDS_PER_DAY));
      }
    }),
  );
});

test('an action is new if the user did not take its item on an earlier day', () => {
  const action = (itemId: string, day: number) => ({
    eventId: `${itemId} ${day}`,
    itemId,
    type: 'buy',
    occurredAt: day * MILLISECONDS_PER_DAY,
    weight: 1,
  });
  const actions = [
    action('a', 1),
    action('a', 3),
    action('b', 3),
    action('b', 3),
    action('b', 4),
    action('c', 4),
  ];
  const days = [...walkDays(actions, 2 * MILLISECONDS_PER_DAY)];
  assert.deepEqual(
    days.map(({ isNew }) => isNew),
    [
      [false, true, true],
      [false, true],
    ],
  );
});
