import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shifted, shiftToEndAt } from './shift.ts';

const time = fc.integer({ min: 0, max: 4e12 });

test('the newest event ends now and all time differences are preserved', () => {
  fc.assert(
    fc.property(fc.array(time, { minLength: 1 }), time, (times, now) => {
      const newest = Math.max(...times);
      const shift = shiftToEndAt(newest, now);
      const moved = times.map((occurredAt) => shifted({ occurredAt, itemId: 'i' }, shift));
      assert.equal(Math.max(...moved.map(({ occurredAt }) => occurredAt)), now);
      for (const [index, { occurredAt, itemId }] of moved.entries()) {
        assert.equal(now - occurredAt, newest - times[index]!);
        assert.equal(itemId, 'i');
      }
    }),
  );
});

test('shifting does not modify its input action', () => {
  const action = Object.freeze({ occurredAt: 1 });
  assert.deepEqual(shifted(action, 2), { occurredAt: 3 });
  assert.equal(action.occurredAt, 1);
});

test('a time that is not a finite number is rejected', () => {
  assert.throws(() => shiftToEndAt(Number.NaN, 1), RangeError);
  assert.throws(() => shiftToEndAt(1, Number.POSITIVE_INFINITY), RangeError);
});
