import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FeatureTable } from '#algorithms/bandit/choice.ts';
import { posterior } from '#algorithms/bandit/linear.ts';
import { rowKinds, type SlateRules } from '#algorithms/bandit/slate-rules.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import { createRandom } from '#algorithms/random.ts';
import { SETTINGS } from '../config.ts';
import type { Policy } from './policy.ts';
import { POLICIES } from './registry.ts';
import { POLICY_SETTINGS, selectPolicy } from './select.ts';

const DEFAULTS = Object.fromEntries(
  Object.entries(POLICY_SETTINGS).map(([key, { fallback }]) => [key, fallback]),
);
const KNOWN = ['bias', 'trending.score', 'gone'];

/** A policy that has learned a little of some columns. */
function learned(name: string, seed: number): Policy {
  const random = createRandom(seed);
  const statistics = createStatistics();
  for (let i = 0; i < 20; i++) {
    observe(
      statistics,
      KNOWN,
      Float64Array.from(KNOWN, () => random.normal()),
      random.next(),
    );
  }
  const prior = { precision: 4, meanOf: (column: string) => (column.endsWith('.score') ? 0.05 : 0) };
  return selectPolicy(name, DEFAULTS).create(posterior(statistics, { prior, noiseVariance: 0.1 }));
}

const requests = fc
  .record({ candidates: fc.nat(12), size: fc.nat(8), seed: fc.nat() })
  .map(({ candidates, size, seed }) => {
    const random = createRandom(`features ${seed}`);
    const columns = ['trending.score', 'bias', 'new.score'];
    const values = Float64Array.from({ length: candidates * columns.length }, () => random.normal());
    return { candidates, size, seed, features: { columns, values } satisfies FeatureTable };
  });

for (const { name } of POLICIES) {
  test(`${name} shows distinct candidates, as many as there are slots, with propensities in (0, 1]`, () => {
    fc.assert(
      fc.property(requests, ({ candidates, size, seed, features }) => {
        const choice = learned(name, seed).choose(features, size, createRandom(seed));
        const { order, scores, propensities } = choice;
        assert.equal(order.length, Math.min(size, candidates));
        assert.equal(new Set(order).size, order.length);
        assert.ok(order.every((row) => row >= 0 && row < candidates));
        assert.equal(scores.length, order.length);
        assert.ok(scores.every(Number.isFinite));
        assert.equal(propensities.length, order.length);
        assert.ok(propensities.every((propensity) => propensity > 0 && propensity <= 1));
      }),
    );
  });

  test(`${name} chooses the same from the same random source, and does not modify its input`, () => {
    fc.assert(
      fc.property(requests, ({ size, seed, features }) => {
        const before = structuredClone(features);
        const policy = learned(name, seed);
        const choice = policy.choose(features, size, createRandom(seed));
        assert.deepEqual(policy.choose(features, size, createRandom(seed)), choice);
        assert.deepEqual(features, before);
      }),
    );
  });

  test(`${name} obeys the rules inside each draw, and draws each slate as often as it says`, () => {
    const [rows, size] = [5, 3];
    const random = createRandom('ruled');
    const values = Float64Array.from({ length: rows * 2 }, () => random.normal());
    const features = { columns: ['trending.score', 'bias'], values };
    const policy = learned(name, 3);
    const kinds = rowKinds(rows, (row) => row % 2);
    const rules: SlateRules = { rows, kinds, mostOfKind: 1, pinned: new Map([[1, 2]]) };
    const law = policy.lawOf({ features, size, random: createRandom('law'), rules });
    const rounds = 4_000;
    const drawn = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const order = law.draw(random);
      assert.equal(order[1], 2, 'the pinned row stands in its slot');
      // The pin is of the even kind, so that the top is odd, and the last slot, which no row fits, shows any other one.
      assert.equal(order[0]! % 2, 1);
      drawn.set(order.join(), (drawn.get(order.join()) ?? 0) + 1);
    }
    let total = 0;
    for (const top of [1, 3])
      for (const last of [0, 1, 3, 4].filter((row) => row !== top)) {
        const order = Int32Array.of(top, 2, last);
        const conditionals = law.conditionals(order);
        const probability = conditionals.reduce((product, one) => product * one, 1);
        assert.ok(probability === 0 || conditionals[1] === 1);
        total += probability;
        const bound = 5 * Math.sqrt((probability * (1 - probability)) / rounds);
        const share = (drawn.get(order.join()) ?? 0) / rounds;
        assert.ok(Math.abs(share - probability) <= bound, `${order}: ${share}, not ${probability}`);
      }
    assert.ok(Math.abs(total - 1) < 1e-9, `${total}`);
    assert.equal(
      law.conditionals(Int32Array.of(0, 2, 1))[0],
      0,
      'what the rules forbid has the probability 0',
    );
  });

  test(`${name} rejects features that are not whole rows or not finite`, () => {
    const policy = learned(name, 1);
    const choose = (values: Float64Array) =>
      policy.choose({ columns: ['bias', 'trending.score'], values }, 2, createRandom(1));
    assert.throws(() => choose(Float64Array.of(1, 2, 3)), RangeError);
    assert.throws(() => choose(Float64Array.of(1, Number.NaN)), RangeError);
  });
}

test('policies and their settings have names of their own', () => {
  const names = POLICIES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z][a-z-]*$/);
  const variables = Object.values(SETTINGS).map(({ variable }) => variable);
  assert.equal(new Set(variables).size, variables.length);
  for (const variable of variables) assert.match(variable, /^TRIBUTARY_RERANK_[A-Z_]+$/);
});

test('a slate names its policy with all settings of the policy', () => {
  assert.equal(selectPolicy('thompson', { ...DEFAULTS, 'thompson.draws': 8 }).label, 'thompson(draws=8)');
  assert.equal(selectPolicy('greedy', DEFAULTS).label, 'greedy');
  assert.throws(() => selectPolicy('constructor', DEFAULTS), RangeError);
});
