import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../random.ts';
import { posterior } from './linear.ts';
import { observeAtAnchor } from './logistic.ts';
import { assertNear } from './observations.testing.ts';
import { createStatistics, merge } from './statistics.ts';

const COLUMNS = ['a', 'b', 'c'];
const TRUE = [0.5, -1, 2];
const PRIOR = { precision: 1, meanOf: () => 0 };
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

function drawn(count: number): { x: Float64Array; reward: number }[] {
  const random = createRandom('logistic');
  return Array.from({ length: count }, () => {
    const x = Float64Array.from(COLUMNS, () => random.normal());
    const p = sigmoid(TRUE.reduce((sum, w, i) => sum + w * x[i]!, 0));
    return { x, reward: random.next() < p ? 1 : 0 };
  });
}

function learned(rows: ReturnType<typeof drawn>, anchor: readonly number[]) {
  const statistics = createStatistics();
  const at = (column: string) => anchor[COLUMNS.indexOf(column)] ?? 0;
  for (const { x, reward } of rows) observeAtAnchor(statistics, COLUMNS, x, reward, at);
  return statistics;
}

const step = (rows: ReturnType<typeof drawn>, anchor: readonly number[]) => [
  ...posterior(learned(rows, anchor), { prior: PRIOR, noiseVariance: 1 }).mean,
];

test('the posterior is one Newton step from the anchor, and repeated steps end where the gradient is 0', () => {
  const rows = drawn(500);
  let weights = [0, 0, 0];
  for (let i = 0; i < 12; i++) weights = step(rows, weights);
  const gradient = COLUMNS.map((_, i) =>
    rows.reduce((sum, { x, reward }) => {
      const logit = x.reduce((total, value, j) => total + value * weights[j]!, 0);
      return sum + (reward - sigmoid(logit)) * x[i]!;
    }, -weights[i]!),
  );
  assertNear(gradient, [0, 0, 0], 1e-6);
  assertNear(weights, TRUE, 0.4);
  // From there the next step does not move.
  assertNear(step(rows, weights), weights, 1e-6);
});

test('statistics at one anchor are sums, so that partitions add up', () => {
  const rows = drawn(60);
  const anchor = [0.2, -0.1, 0.4];
  const whole = learned(rows, anchor);
  const parts = learned(rows.slice(0, 25), anchor);
  merge(parts, learned(rows.slice(25), anchor));
  assertNear(parts.precision, whole.precision, 1e-12);
  assertNear(parts.moment, whole.moment, 1e-12);
});

test('an observation far from the anchor keeps the sums finite', () => {
  const statistics = createStatistics();
  observeAtAnchor(statistics, ['a'], Float64Array.of(1_000), 0, () => 10);
  const { mean } = posterior(statistics, { prior: PRIOR, noiseVariance: 1 });
  assert.ok(Number.isFinite(mean[0]!));
});

test('a reward outside 0 to 1 is rejected and changes nothing', () => {
  const statistics = createStatistics();
  for (const reward of [-0.1, 1.1, Number.NaN])
    assert.throws(
      () => observeAtAnchor(statistics, ['a'], Float64Array.of(1), reward, () => 0),
      /reward: .* is not in \[0, 1\]/,
    );
  assert.equal(statistics.count, 0);
});
