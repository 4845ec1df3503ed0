import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryFormatError } from '../binary.ts';
import { assertNear, observationsOf, statisticsOf } from './observations.testing.ts';
import { createStatistics, decodeStatistics, encodeStatistics, merge, observe } from './statistics.ts';

const D = 3;

test('observe adds x·xᵀ, r·x, r and r²', () => {
  const statistics = createStatistics(2);
  observe(statistics, Float64Array.of(1, 2), 3);
  observe(statistics, Float64Array.of(0, -1), 1);
  assert.deepEqual(statistics, {
    dimension: 2,
    precision: Float64Array.of(1, 2, 2, 5),
    moment: Float64Array.of(3, 5),
    count: 2,
    rewardSum: 4,
    rewardSquareSum: 10,
  });
});

test('the statistics of a log are the sum of those of its parts', () => {
  fc.assert(
    fc.property(fc.array(observationsOf(D), { maxLength: 4 }), (parts) => {
      const whole = statisticsOf(D, parts.flat());
      const merged = createStatistics(D);
      for (const part of parts) merge(merged, statisticsOf(D, part));
      assertNear(merged.precision, whole.precision, 1e-9);
      assertNear(merged.moment, whole.moment, 1e-9);
      assert.equal(merged.count, whole.count);
      assertNear([merged.rewardSum, merged.rewardSquareSum], [whole.rewardSum, whole.rewardSquareSum], 1e-9);
    }),
  );
});

test('bytes hold the statistics to the last bit', () => {
  fc.assert(
    fc.property(observationsOf(D), observationsOf(D), (observations, others) => {
      const statistics = statisticsOf(D, observations);
      merge(statistics, statisticsOf(D, others));
      const bytes = encodeStatistics(statistics);
      assert.deepEqual(decodeStatistics(bytes), statistics);
      assert.deepEqual(encodeStatistics(decodeStatistics(bytes)), bytes);
    }),
  );
});

test('bytes of version 1 still load', () => {
  const statistics = statisticsOf(1, [{ x: Float64Array.of(2), reward: 0.5 }]);
  const golden = `010101${'000000000000e03f'}${'000000000000d03f'}${'000000000000f03f'}${'0000000000001040'}`;
  assert.equal(Buffer.from(encodeStatistics(statistics)).toString('hex'), golden);
  assert.deepEqual(decodeStatistics(Buffer.from(golden, 'hex')), statistics);
});

test('noise, another version and bytes cut short are refused', () => {
  const bytes = encodeStatistics(statisticsOf(D, [{ x: Float64Array.of(1, 2, 3), reward: 1 }]));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeStatistics(bytes.subarray(0, length)), BinaryFormatError);
  }
  assert.throws(() => decodeStatistics(Uint8Array.of(2, ...bytes.subarray(1))), /format version 2/);
  assert.throws(() => decodeStatistics(Uint8Array.of(1, 0xff, 0xff, 0x7f, 0, 0)), /dimension/);
});

test('what would spoil the sums is refused and changes nothing', () => {
  const statistics = createStatistics(2);
  const before = encodeStatistics(statistics);
  assert.throws(() => observe(statistics, Float64Array.of(1), 1), RangeError);
  assert.throws(() => observe(statistics, Float64Array.of(1, Number.NaN), 1), RangeError);
  assert.throws(() => observe(statistics, Float64Array.of(1, 1), Infinity), RangeError);
  assert.throws(() => merge(statistics, createStatistics(3)), RangeError);
  assert.deepEqual(encodeStatistics(statistics), before);
  assert.throws(() => createStatistics(0), RangeError);
});
