import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryFormatError } from '../binary.ts';
import { actionLists, START } from './window.testing.ts';
import { applyAction, createWindow, expire, type WindowLimits } from './window.ts';
import { encodeWindow } from './window-codec.ts';
import { decodeWindowWithDeltas, deltaOf, encodeDelta } from './window-delta.ts';

const LIMITS: WindowLimits = { days: 5, maximum: 8 };

/** Actions that arrive in batches, in any order of event time. */
const batches = fc
  .tuple(actionLists(9), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 40, maxLength: 40 }))
  .chain(([actions, sizes]) =>
    fc.shuffledSubarray(actions, { minLength: actions.length }).map((arrived) => {
      const rest = [...arrived];
      return sizes.map((size) => rest.splice(0, size));
    }),
  );

test('the bytes of a window and of the deltas since are the window, in every bit, after each batch', () => {
  fc.assert(
    fc.property(batches, fc.nat(10), (given, start) => {
      const window = createWindow();
      let base = encodeWindow(window);
      let deltas = new Uint8Array(0);
      let streamTime = 0;
      for (const [number, batch] of given.entries()) {
        const before = window.actions.length;
        const inserted = batch.filter((action) => {
          streamTime = Math.max(streamTime, action.occurredAt);
          return applyAction(window, action, streamTime, LIMITS) === 'added';
        });
        const delta = encodeDelta(deltaOf(window, before, inserted));
        deltas = Uint8Array.of(...deltas, ...delta);
        const decoded = decodeWindowWithDeltas(base, deltas);
        assert.deepEqual(decoded, window);
        assert.deepEqual(encodeWindow(decoded), encodeWindow(window));
        if (number !== start) continue;
        base = encodeWindow(window);
        deltas = new Uint8Array(0);
      }
    }),
  );
});

const action = (eventId: string, minutes = 0) => ({
  eventId,
  itemId: 'apple',
  type: 'view',
  occurredAt: START + minutes * 60_000,
  weight: 1,
});

test('actions that only leave are a delta too', () => {
  const window = { actions: [action('a'), action('b', 10)] };
  const base = encodeWindow(window);
  expire(window, START + 5 * 86_400_000 + 60_000, LIMITS);
  const delta = deltaOf(window, 2, []);
  assert.deepEqual(delta, { dropped: 1, added: [] });
  assert.deepEqual(decodeWindowWithDeltas(base, encodeDelta(delta)), window);
});

test('deltas of another window and malformed ones are rejected', () => {
  const base = encodeWindow({ actions: [action('a')] });
  const decode = (deltas: Uint8Array) => () => decodeWindowWithDeltas(base, deltas);
  assert.throws(decode(encodeDelta({ dropped: 2, added: [] })), /2 of 1 actions leave/);
  assert.throws(decode(encodeDelta({ dropped: 0, added: [action('a')] })), /there already/);
  const whole = encodeDelta({ dropped: 0, added: [action('b')] });
  for (let length = 1; length < whole.length; length++)
    assert.throws(decode(whole.subarray(0, length)), BinaryFormatError);
});
