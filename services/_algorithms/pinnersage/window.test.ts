import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MILLISECONDS_PER_DAY } from './importance.ts';
import { actionLists, START } from './window.testing.ts';
import {
  type ActionWindow,
  applyAction,
  compareActions,
  createWindow,
  expire,
  type WindowAction,
  type WindowLimits,
} from './window.ts';

const LIMITS: WindowLimits = { days: 5, maximum: 12 };

/** Adds actions as the stream would: stream time is the newest event time so far. */
function stream(actions: readonly WindowAction[], window = createWindow(), streamTime = 0): ActionWindow {
  let newest = streamTime;
  for (const action of actions) {
    newest = Math.max(newest, action.occurredAt);
    applyAction(window, action, newest, LIMITS);
  }
  return window;
}

function newestOf(actions: readonly WindowAction[]): number {
  return Math.max(0, ...actions.map(({ occurredAt }) => occurredAt));
}

function action(eventId: string, day: number): WindowAction {
  return {
    eventId,
    itemId: 'apple',
    type: 'view',
    occurredAt: START + day * MILLISECONDS_PER_DAY,
    weight: 1,
  };
}

test('the window holds the newest actions that the limits allow, whatever the order of arrival', () => {
  const shuffled = actionLists(9).chain((actions) =>
    fc.tuple(fc.constant(actions), fc.shuffledSubarray(actions, { minLength: actions.length })),
  );
  fc.assert(
    fc.property(shuffled, ([actions, arrival]) => {
      const bound = newestOf(actions) - LIMITS.days * MILLISECONDS_PER_DAY;
      const expected = actions
        .filter(({ occurredAt }) => occurredAt >= bound)
        .toSorted(compareActions)
        .slice(-LIMITS.maximum);
      assert.deepEqual(stream(arrival).actions, expected);
    }),
  );
});

test('replaying the input, in whole or in part, changes nothing', () => {
  const replayed = actionLists(9).chain((actions) => fc.tuple(fc.constant(actions), fc.subarray(actions)));
  fc.assert(
    fc.property(replayed, ([actions, again]) => {
      const once = stream(actions);
      const twice = stream(again, stream(actions), newestOf(actions));
      assert.deepEqual(twice, once);
    }),
  );
});

test('a late action inside the window is inserted in order, an older one is dropped', () => {
  const window = stream([action('a', 0), action('c', 4)]);
  const streamTime = START + 5 * MILLISECONDS_PER_DAY;
  assert.equal(applyAction(window, action('b', 2), streamTime, LIMITS), 'added');
  assert.equal(applyAction(window, action('b', 2), streamTime, LIMITS), 'duplicate');
  assert.equal(applyAction(window, action('z', -0.001), streamTime, LIMITS), 'late');
  assert.deepEqual(
    window.actions.map(({ eventId }) => eventId),
    ['a', 'b', 'c'],
  );
});

test('a full window drops its oldest action, and an even older action is late', () => {
  const window = stream(
    Array.from({ length: 12 }, (_, i) => action(String.fromCharCode(97 + i), 2 + i / 10)),
  );
  const streamTime = START + 4 * MILLISECONDS_PER_DAY;
  assert.equal(applyAction(window, action('y', 1), streamTime, LIMITS), 'late');
  assert.equal(applyAction(window, action('z', 4), streamTime, LIMITS), 'added');
  assert.equal(window.actions.length, LIMITS.maximum);
  assert.equal(window.actions[0]?.eventId, 'b');
});

test('expire returns the number of dropped actions and keeps an action of exactly the maximum age', () => {
  const window = stream([action('a', 0), action('b', 1), action('c', 2)]);
  assert.equal(expire(window, START + 6 * MILLISECONDS_PER_DAY, LIMITS), 1);
  assert.equal(expire(window, START + 6 * MILLISECONDS_PER_DAY, LIMITS), 0);
  assert.equal(expire(window, START + 60 * MILLISECONDS_PER_DAY, LIMITS), 2);
  assert.deepEqual(window, createWindow());
});
