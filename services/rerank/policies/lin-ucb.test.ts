import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { posterior } from '#algorithms/bandit/linear.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import { createRandom } from '#algorithms/random.ts';
import { linUcb } from './lin-ucb.ts';
import { priorPosterior } from './policies.testing.ts';

test('without data a score is the prior mean plus the width of the prior, shown for certain', () => {
  const policy = linUcb.create(priorPosterior({ a: 1 }, 4), { deviations: 0.5 });
  const features = { columns: ['a', 'b'], values: Float64Array.of(1, 0, 0, 3, 1, 0.5) };
  const { order, scores, propensities } = policy.choose(features, 2, createRandom(1));
  // Scores: 1 + 0.5·2·1, 0 + 0.5·2·3, 1 + 0.5·2·√1.25.
  assert.deepEqual([...order], [1, 2]);
  assert.ok(Math.abs(scores[0]! - 3) < 1e-12);
  assert.ok(Math.abs(scores[1]! - (1 + Math.sqrt(1.25))) < 1e-12);
  assert.deepEqual([...propensities], [1, 1]);
});

test('a candidate whose features were seen often is preferred less than one seen rarely, of the same mean', () => {
  const statistics = createStatistics();
  for (let i = 0; i < 100; i++) observe(statistics, ['often'], Float64Array.of(1), 0.5);
  for (let i = 0; i < 2; i++) observe(statistics, ['rarely'], Float64Array.of(1), 0.5);
  const prior = { precision: 1e-6, meanOf: () => 0 };
  const law = posterior(statistics, { prior, noiseVariance: 0.1 });
  const features = { columns: ['often', 'rarely'], values: Float64Array.of(1, 0, 0, 1) };
  const choose = (deviations: number) =>
    linUcb.create(law, { deviations }).choose(features, 2, createRandom(1));
  assert.deepEqual([...choose(1).order], [1, 0]);
  const [rarely, often] = choose(1).scores;
  assert.ok(Math.abs(rarely! - (0.5 + Math.sqrt(0.1 / 2))) < 1e-4);
  assert.ok(Math.abs(often! - (0.5 + Math.sqrt(0.1 / 100))) < 1e-4);
});

test('no deviations make lin-ucb greedy', () => {
  const score = fc.double({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(fc.array(score, { minLength: 1, maxLength: 10 }), (values) => {
      const policy = linUcb.create(priorPosterior({ a: 1 }), { deviations: 0 });
      const features = { columns: ['a'], values: Float64Array.from(values) };
      const { scores } = policy.choose(features, values.length, createRandom(1));
      assert.deepEqual(
        [...scores],
        [...scores].sort((a, b) => b - a),
      );
    }),
  );
});
