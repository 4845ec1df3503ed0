import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { greedy } from './greedy.ts';
import { priorPosterior } from './policies.testing.ts';

test('greedy shows the candidates with the highest expected reward, each for certain', () => {
  const policy = greedy.create(priorPosterior({ score: 1, price: -1 }), {});
  const features = { columns: ['price', 'score'], values: Float64Array.of(1, 1, 0, 0.5, 0, 2, 3, 1) };
  assert.deepEqual(policy.choose(features, 3, createRandom(1)), {
    order: Int32Array.of(2, 1, 0),
    scores: Float64Array.of(2, 0.5, 0),
    propensities: Float64Array.of(1, 1, 1),
    conditionals: Float64Array.of(1, 1, 1),
    inclusions: Float64Array.of(1, 1, 1),
    probability: 1,
    draws: 0,
  });
});
