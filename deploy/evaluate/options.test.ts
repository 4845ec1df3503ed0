import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOf, horizonOf, seedsOf } from './options.ts';

test('seeds count from 1, and are three unless another number is named', () => {
  assert.deepEqual(seedsOf(undefined), [1, 2, 3]);
  assert.deepEqual(seedsOf('1'), [1]);
});

test('a number of seeds or days that is not whole or out of range is refused with the option and the remedy', () => {
  for (const count of ['0', '1.5', '10', 'two', ''])
    assert.throws(() => seedsOf(count), { message: /--seeds .* from 1 to 9/ }, count);
  for (const days of ['0', '-3', '1.5', 'all', ''])
    assert.throws(() => daysOf(days), { message: /--days .* above 0/ }, days);
  assert.equal(daysOf('21'), 21);
  assert.equal(daysOf(undefined), Number.POSITIVE_INFINITY);
});

test('the combiner of an evaluation foresees lasting interests unless another horizon is named, and an unknown one is refused', () => {
  assert.equal(horizonOf(undefined), 'lasting');
  assert.equal(horizonOf('next'), 'next');
  assert.throws(() => horizonOf('soon'), { message: /--horizon soon is none of next, lasting/ });
});
