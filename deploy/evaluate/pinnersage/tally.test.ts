import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

function tallyOf(amounts: readonly number[]): Tally {
  const tally = new Tally(amounts.length);
  amounts.forEach((amount, user) => {
    tally.add(user, amount);
  });
  return tally;
}

test('a lift is that of the totals, and has no error if it is the same for every user', () => {
  const base = tallyOf([1, 2, 5]);
  const double = tallyOf([2, 4, 10]);
  assert.equal(double.total, 16);
  assert.equal(double.liftOver(base), 100);
  assert.equal(double.liftError(base), 0);
});

test('the error of a lift over users with the same base is that of a mean', () => {
  const amounts = [1, 3, 2, 6];
  const mean = 3;
  const variance = amounts.reduce((sum, amount) => sum + (amount - mean) ** 2, 0) / (amounts.length - 1);
  const error = tallyOf(amounts).liftError(tallyOf([1, 1, 1, 1]));
  assert.ok(Math.abs(error - 100 * Math.sqrt(variance / amounts.length)) < 1e-9);
});
