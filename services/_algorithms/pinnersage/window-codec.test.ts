import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryFormatError } from '../binary.ts';
import { actionLists, START } from './window.testing.ts';
import { applyAction, createWindow } from './window.ts';
import { decodeWindow, encodeWindow } from './window-codec.ts';

const windows = actionLists(30).map((actions) => {
  const window = createWindow();
  for (const action of actions) applyAction(window, action, action.occurredAt);
  return window;
});

test('a window survives encoding and decoding, and equal windows have equal bytes', () => {
  fc.assert(
    fc.property(windows, (window) => {
      const bytes = encodeWindow(window);
      assert.deepEqual(decodeWindow(bytes), window);
      assert.deepEqual(encodeWindow(decodeWindow(bytes)), bytes);
    }),
  );
});

test('bytes of version 1 still decode', () => {
  const window = {
    actions: [
      { eventId: 'e1', itemId: 'apple', type: 'view', occurredAt: 1_000, weight: 1 },
      { eventId: 'e2', itemId: 'apple', type: 'buy', occurredAt: 1_300, weight: 0.5 },
    ],
  };
  const golden =
    '0102e8070265310005' +
    '6170706c65' +
    '0004' +
    '76696577' +
    'ac02' +
    '026532' +
    '00' +
    '0303627579' +
    '000000000000e03f';
  assert.equal(Buffer.from(encodeWindow(window)).toString('hex'), golden);
  assert.deepEqual(decodeWindow(Buffer.from(golden, 'hex')), window);
});

test('any prefix of the bytes is rejected as truncated', () => {
  fc.assert(
    fc.property(windows, fc.double({ min: 0, max: 0.999, noNaN: true }), (window, share) => {
      const bytes = encodeWindow(window);
      const prefix = bytes.subarray(0, Math.floor(bytes.length * share));
      assert.throws(() => decodeWindow(prefix), /^BinaryFormatError: action window: truncated/);
    }),
  );
});

test('random bytes are decoded or rejected, and cause no other error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      try {
        decodeWindow(Uint8Array.of(1, ...noise));
      } catch (error) {
        assert.ok(error instanceof BinaryFormatError);
      }
    }),
  );
});

test('another version, trailing bytes, actions out of order and invalid times are rejected', () => {
  const action = { eventId: 'a', itemId: 'apple', type: 'view', occurredAt: START, weight: 1 };
  const bytes = encodeWindow({ actions: [action] });
  assert.throws(() => decodeWindow(Uint8Array.of(9, ...bytes.subarray(1))), /format version 9/);
  assert.throws(() => decodeWindow(Uint8Array.of(...bytes, 0)), /1 bytes after the end/);
  assert.throws(() => decodeWindow(encodeWindow({ actions: [action, action] })), /out of order/);
  assert.throws(() => encodeWindow({ actions: [{ ...action, occurredAt: -1 }] }), RangeError);
});
