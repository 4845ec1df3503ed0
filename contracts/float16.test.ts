import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { float16Bits, fromFloat16Bits, roundToFloat16 } from './float16.ts';

test('every half-precision number that is finite keeps its bits', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16Bits(bits);
    if (Number.isFinite(value)) assert.equal(float16Bits(value), bits);
    else assert.throws(() => float16Bits(value), RangeError);
  }
});

test('a number becomes the nearest half-precision number, and one between two the even one', () => {
  const finite = Array.from({ length: 0x7c00 }, (_, bits) => fromFloat16Bits(bits));
  fc.assert(
    fc.property(fc.double({ min: -70_000, max: 70_000, noNaN: true }), (value) => {
      const rounded = roundToFloat16(value);
      const least = finite.reduce((best, one) => Math.min(best, Math.abs(one - Math.abs(value))), Infinity);
      assert.equal(Math.abs(Math.abs(rounded) - Math.abs(value)), least);
      assert.equal(Math.sign(rounded) === -Math.sign(value) && rounded !== 0, false);
    }),
    { numRuns: 200 },
  );
  assert.equal(roundToFloat16(1 + 2 ** -11), 1);
  assert.equal(roundToFloat16(1 + 3 * 2 ** -11), 1 + 2 ** -9);
  assert.equal(roundToFloat16(2 ** -25), 0);
  assert.equal(roundToFloat16(1.5 * 2 ** -24), 2 ** -23);
  assert.ok(Object.is(roundToFloat16(-1e-30), -0));
  assert.equal(roundToFloat16(1e6), 65_504);
});
