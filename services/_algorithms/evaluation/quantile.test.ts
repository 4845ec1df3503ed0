import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quantile } from './quantile.ts';

test('quantiles interpolate as numpy does', () => {
  const values = [4, 1, 3, 2];
  assert.deepEqual(
    [0, 0.25, 0.5, 0.9, 1].map((q) => quantile(values, q)),
    [1, 1.75, 2.5, 3.7, 4],
  );
  assert.deepEqual(values, [4, 1, 3, 2]);
  assert.equal(quantile([7], 0.3), 7);
});

test('quantiles increase with q between the smallest and the largest value', () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(values, share, share, (list, p, q) => {
      assert.ok(quantile(list, Math.min(p, q)) <= quantile(list, Math.max(p, q)) + 1e-9);
      assert.equal(quantile(list, 0), Math.min(...list));
      assert.equal(quantile(list, 1), Math.max(...list));
    }),
  );
});

test('empty values, NaN and a q outside [0, 1] are rejected', () => {
  assert.throws(() => quantile([], 0.5), RangeError);
  assert.throws(() => quantile([1, Number.NaN], 0.5), RangeError);
  for (const q of [-0.1, 1.1, Number.NaN]) assert.throws(() => quantile([1], q), RangeError);
});
