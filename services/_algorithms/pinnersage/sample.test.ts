import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { sampleByImportance } from './sample.ts';

/** Probability of every ordered pair under successive draws without replacement. */
function successiveDraws(importances: number[]): Map<string, number> {
  const total = importances.reduce((sum, value) => sum + value, 0);
  const probabilities = new Map<string, number>();
  importances.forEach((first, i) => {
    importances.forEach((second, j) => {
      if (i !== j) probabilities.set(`${i},${j}`, (first / total) * (second / (total - first)));
    });
  });
  return probabilities;
}

test('ordered pairs are as frequent as under successive draws', () => {
  const importances = [5, 1, 3, 0.5];
  const random = createRandom('sample');
  const rounds = 20_000;
  const seen = new Map<string, number>();
  for (let i = 0; i < rounds; i++) {
    const pair = sampleByImportance(importances, 2, random).join();
    seen.set(pair, (seen.get(pair) ?? 0) + 1);
  }
  let chiSquare = 0;
  for (const [pair, probability] of successiveDraws(importances)) {
    const expected = rounds * probability;
    chiSquare += ((seen.get(pair) ?? 0) - expected) ** 2 / expected;
  }
  assert.ok(chiSquare < 31.3, `χ² with 11 degrees of freedom: ${chiSquare}`); // p = .001
});

test('indices are distinct, of positive importance, as many as requested or available, and reproducible', () => {
  const importances = fc.array(fc.oneof(fc.double({ min: 0, max: 1e6 }), fc.constantFrom(0, -1, Number.NaN)));
  fc.assert(
    fc.property(importances, fc.nat(12), fc.nat(), (values, k, seed) => {
      const sampled = sampleByImportance(values, k, createRandom(seed));
      assert.deepEqual(sampleByImportance(values, k, createRandom(seed)), sampled);
      assert.equal(new Set(sampled).size, sampled.length);
      assert.ok(sampled.every((index) => values[index]! > 0));
      assert.equal(sampled.length, Math.min(k, values.filter((value) => value > 0).length));
    }),
  );
});
