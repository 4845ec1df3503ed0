import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { importance } from './importance.testing.ts';
import { decayedWeight, MILLISECONDS_PER_DAY } from './importance.ts';

const NOW = 1_700_000_000_000;
const daysAgo = (days: number) => NOW - days * MILLISECONDS_PER_DAY;

test('an action decays by a factor of e in 100 days at the default λ, and by half in ln 2 / λ days', () => {
  assert.equal(decayedWeight(1, NOW, NOW), 1);
  assert.ok(Math.abs(decayedWeight(3, daysAgo(100), NOW) - 3 / Math.E) < 1e-12);
  assert.ok(Math.abs(decayedWeight(1, daysAgo(Math.LN2 / 0.1), NOW, 0.1) - 0.5) < 1e-9);
});

test('an action in the future counts like an action now', () => {
  assert.equal(decayedWeight(2, NOW + 60_000, NOW), 2);
});

test('importance is the sum over the actions, and with λ = 0 the sum of their weights', () => {
  const actions = fc.array(
    fc.record({ weight: fc.integer({ min: -3, max: 10 }), occurredAt: fc.integer({ min: 0, max: NOW }) }),
  );
  fc.assert(
    fc.property(actions, (list) => {
      const weights = list.reduce((sum, { weight }) => sum + weight, 0);
      assert.equal(importance(list, NOW, 0), weights);
      const one = list.map((action) => importance([action], NOW)).reduce((sum, value) => sum + value, 0);
      assert.ok(Math.abs(importance(list, NOW) - one) < 1e-9);
    }),
  );
});
