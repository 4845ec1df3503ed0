import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Judgement } from './estimate.ts';
import { nameWinner } from './winner.ts';

function judgement(
  value: number,
  low: number,
  meanWeight = 1,
  effectiveSampleSize = 500,
  effectiveUsers = 200,
): Judgement {
  const estimate = { value, low: value - 1, high: value + 1, lead: { value: low + 1, low, high: low + 2 } };
  return {
    looking: 'slate',
    meanWeight,
    effectiveSampleSize,
    effectiveUsers,
    largestWeight: 3,
    withoutSupport: 0,
    values: new Map([['doubly-robust', estimate]]),
  };
}

test('the policy with the highest value wins among those whose lead is above 0 for sure', () => {
  const judgements = new Map([
    ['a', judgement(0.3, 0.01)],
    ['b', judgement(0.5, 0.02)],
    ['uncertain', judgement(0.9, -0.01)],
  ]);
  assert.deepEqual(nameWinner(judgements, 'doubly-robust'), { winner: 'b' });
  assert.deepEqual(nameWinner(new Map([['uncertain', judgement(0.9, -0.01)]]), 'doubly-robust'), {
    refused: 'No policy has a lead over the logged one whose interval is above 0.',
  });
});

test('no winner is named where a mean weight is below .9 or above 1.1', () => {
  for (const [mean, reason] of [
    [0.89, /0\.890, below 0\.9/],
    [Number.NaN, /NaN, below 0\.9/],
    [1.2, /1\.200, above 1\.1/],
  ] as const) {
    const verdict = nameWinner(new Map([['a', judgement(0.5, 0.1, mean)]]), 'doubly-robust');
    assert.ok('refused' in verdict);
    assert.match(verdict.refused, reason);
  }
  assert.deepEqual(nameWinner(new Map([['a', judgement(0.5, 0.1, 0.9)]]), 'doubly-robust'), { winner: 'a' });
});

test('no winner is named where less than a hundred slates speak about a policy', () => {
  const verdict = nameWinner(new Map([['a', judgement(0.5, 0.1, 1, 99)]]), 'doubly-robust');
  assert.ok('refused' in verdict);
  assert.match(verdict.refused, /^a: The effective sample size \(slate\) is 99, below 100/);
});

test('no winner is named by the slates of a few users, whose intervals are too narrow', () => {
  const verdict = nameWinner(new Map([['a', judgement(0.5, 0.1, 1, 500, 1.2)]]), 'doubly-robust');
  assert.ok('refused' in verdict);
  assert.match(verdict.refused, /^a: The slates count like those of 1 users with equally many, below 20/);
});

test('a method without an estimate is an error', () => {
  assert.throws(() => nameWinner(new Map([['a', judgement(1, 1)]]), 'ips'), /a has no estimate by ips/);
});
