import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryFormatError } from '../binary.ts';
import { assertNear, columnsOf, observationsOf, statisticsOf } from './observations.testing.ts';
import {
  createStatistics,
  decodeStatistics,
  encodeStatistics,
  merge,
  observe,
  type Statistics,
} from './statistics.ts';

const D = 3;

/** The sums by the names of their columns, whatever the order of the columns. */
function byName({ columns, precision, moment, ...sums }: Statistics): unknown {
  const names = [...columns.keys()].sort();
  const at = (name: string) => columns.get(name)!;
  return {
    ...sums,
    moment: names.map((name) => [name, moment[at(name)]]),
    precision: names.map((row) => names.map((column) => precision[at(row) * columns.size + at(column)])),
  };
}

test('observe adds x·xᵀ, r·x, r and r²', () => {
  const statistics = createStatistics();
  observe(statistics, ['a', 'b'], Float64Array.of(1, 2), 3);
  observe(statistics, ['a', 'b'], Float64Array.of(0, -1), 1);
  assert.deepEqual(statistics, {
    columns: new Map([
      ['a', 0],
      ['b', 1],
    ]),
    precision: Float64Array.of(1, 2, 2, 5),
    moment: Float64Array.of(3, 5),
    count: 2,
    rewardSum: 4,
    rewardSquareSum: 10,
  });
});

test('columns are appended as they appear, and an observation without a column counts as 0 there', () => {
  const names = ['constructor', '__proto__', 'a', 'b', 'toString'];
  const observation = fc.record({
    columns: fc.shuffledSubarray(names),
    x: fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 5, maxLength: 5 }),
    reward: fc.double({ min: -1, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(observation), (log) => {
      const sparse = createStatistics();
      const dense = createStatistics();
      const appeared = new Set<string>();
      for (const { columns, x, reward } of log) {
        for (const name of columns) appeared.add(name);
        observe(
          sparse,
          columns,
          Float64Array.from(columns, (_, i) => x[i]!),
          reward,
        );
        const full = Float64Array.from(names, (name) =>
          columns.includes(name) ? x[columns.indexOf(name)]! : 0,
        );
        observe(dense, names, full, reward);
      }
      assert.deepEqual([...sparse.columns.keys()], [...appeared]);
      assert.deepEqual(decodeStatistics(encodeStatistics(sparse), []), sparse);
      for (const one of [sparse, dense]) observe(one, names, new Float64Array(names.length), 0);
      assert.deepEqual(withoutSignedZeros(byName(sparse)), withoutSignedZeros(byName(dense)));
    }),
  );
});

test('partitions with different columns are added column by column', () => {
  const first = createStatistics();
  observe(first, ['a', 'b'], Float64Array.of(1, 2), 1);
  const second = createStatistics();
  observe(second, ['c', 'b'], Float64Array.of(3, 5), 2);
  const total = createStatistics();
  merge(total, first);
  merge(total, second);
  const whole = createStatistics();
  observe(whole, ['a', 'b'], Float64Array.of(1, 2), 1);
  observe(whole, ['c', 'b'], Float64Array.of(3, 5), 2);
  assert.deepEqual(total, whole);
  const turned = createStatistics();
  merge(turned, second);
  merge(turned, first);
  assert.deepEqual([...turned.columns.keys()], ['c', 'b', 'a']);
  assert.deepEqual(byName(turned), byName(total));
});

test('the statistics of a log are the sum of those of its parts', () => {
  fc.assert(
    fc.property(fc.array(observationsOf(D), { maxLength: 4 }), (parts) => {
      const whole = statisticsOf(D, parts.flat());
      const merged = createStatistics();
      for (const part of parts) merge(merged, statisticsOf(D, part));
      assertNear(merged.precision, whole.precision, 1e-9);
      assertNear(merged.moment, whole.moment, 1e-9);
      assert.equal(merged.count, whole.count);
      assertNear([merged.rewardSum, merged.rewardSquareSum], [whole.rewardSum, whole.rewardSquareSum], 1e-9);
    }),
  );
});

test('statistics survive encoding and decoding, to the last bit', () => {
  fc.assert(
    fc.property(observationsOf(D), observationsOf(D), (observations, others) => {
      const statistics = statisticsOf(D, observations);
      merge(statistics, statisticsOf(D, others));
      const bytes = encodeStatistics(statistics);
      assert.deepEqual(decodeStatistics(bytes, []), statistics);
      assert.deepEqual(encodeStatistics(decodeStatistics(bytes, [])), bytes);
    }),
  );
});

test('bytes of version 2 still decode', () => {
  const statistics = statisticsOf(1, [{ x: Float64Array.of(2), reward: 0.5 }]);
  const golden = '0201010161000000000000e03f000000000000d03f000000000000f03f0000000000001040';
  assert.equal(Buffer.from(encodeStatistics(statistics)).toString('hex'), golden);
  assert.deepEqual(decodeStatistics(Buffer.from(golden, 'hex'), []), statistics);
});

test('bytes of version 1 still decode, with the names of the columns of version 1', () => {
  const golden = Buffer.from(
    `010101${'000000000000e03f'}${'000000000000d03f'}${'000000000000f03f'}${'0000000000001040'}`,
    'hex',
  );
  const statistics = statisticsOf(1, [{ x: Float64Array.of(2), reward: 0.5 }]);
  assert.deepEqual(decodeStatistics(golden, ['a']), statistics);
  assert.throws(() => decodeStatistics(golden, ['a', 'b']), BinaryFormatError);
});

test('columns that version 1 wrote before any observation are not read, because a log read again has none yet', () => {
  const bytes = Uint8Array.of(1, 1, 0, ...new Uint8Array(8 * 4));
  assert.deepEqual(decodeStatistics(bytes, ['a']), createStatistics());
});

test('random bytes, another version and truncated bytes are rejected', () => {
  const bytes = encodeStatistics(statisticsOf(D, [{ x: Float64Array.of(1, 2, 3), reward: 1 }]));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeStatistics(bytes.subarray(0, length), []), BinaryFormatError);
  }
  assert.throws(() => decodeStatistics(Uint8Array.of(3, ...bytes.subarray(1)), []), /format version 3/);
  assert.throws(() => decodeStatistics(Uint8Array.of(1, 0xff, 0xff, 0x7f, 0, 0), []), /columns/);
  const twice = Buffer.from(bytes);
  twice[twice.indexOf('b')] = 'a'.charCodeAt(0);
  assert.throws(() => decodeStatistics(twice, []), BinaryFormatError);
});

test('invalid observations are rejected and change nothing', () => {
  const statistics = statisticsOf(2, [{ x: Float64Array.of(1, 2), reward: 1 }]);
  const before = encodeStatistics(statistics);
  const columns = columnsOf(2);
  assert.throws(() => observe(statistics, columns, Float64Array.of(1), 1), RangeError);
  assert.throws(() => observe(statistics, columns, Float64Array.of(1, Number.NaN), 1), RangeError);
  assert.throws(() => observe(statistics, columns, Float64Array.of(1, 1), Infinity), RangeError);
  assert.throws(() => observe(statistics, ['new', 'new'], Float64Array.of(1, 1), 1), RangeError);
  assert.deepEqual(encodeStatistics(statistics), before);
});

/** The same value with 0 for −0: products of 0 and a negative number are −0. */
function withoutSignedZeros(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
