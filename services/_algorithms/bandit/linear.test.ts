import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { type PosteriorOptions, posterior, sampleWeights, varianceOfScore } from './linear.ts';
import { assertNear, observationsOf, statisticsOf } from './observations.testing.ts';
import { createStatistics, type Statistics } from './statistics.ts';

const D = 3;
const OPTIONS: PosteriorOptions = {
  priorPrecision: 2,
  priorMean: Float64Array.of(0.5, -1, 0),
  noiseVariance: 0.5,
};

/** Λ from the definition. */
function precisionOf({ precision }: Statistics): number[][] {
  return Array.from({ length: D }, (_, i) =>
    Array.from(
      { length: D },
      (_, j) => precision[i * D + j]! / OPTIONS.noiseVariance + (i === j ? OPTIONS.priorPrecision : 0),
    ),
  );
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let column = 0; column < D; column++) {
    const pivots = rows.slice(column).map((row) => Math.abs(row[column]!));
    const pivot = column + pivots.indexOf(Math.max(...pivots));
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < D; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let j = column; j <= D; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => row[D]! / row[i]!);
}

test('mean and variance solve the normal equations', () => {
  fc.assert(
    fc.property(observationsOf(D), (observations) => {
      const statistics = statisticsOf(D, observations);
      const fitted = posterior(statistics, OPTIONS);
      const precision = precisionOf(statistics);
      const right = Array.from(
        statistics.moment,
        (sum, i) => sum / OPTIONS.noiseVariance + OPTIONS.priorPrecision * OPTIONS.priorMean![i]!,
      );
      assertNear(fitted.mean, solve(precision, right), 1e-7);
      const x = [1, -2, 0.5];
      const variance = solve(precision, x).reduce((sum, value, i) => sum + value * x[i]!, 0);
      assertNear([varianceOfScore(fitted, Float64Array.from(x))], [variance], 1e-7);
    }),
  );
});

test('without data the posterior is the prior', () => {
  const prior = posterior(createStatistics(D), OPTIONS);
  assertNear(prior.mean, OPTIONS.priorMean!, 1e-12);
  assertNear([varianceOfScore(prior, Float64Array.of(1, 0, 0))], [1 / OPTIONS.priorPrecision], 1e-12);
  const { mean } = posterior(createStatistics(D), { priorPrecision: 1, noiseVariance: 1 });
  assert.deepEqual([...mean], [0, 0, 0]);
});

test('much data recovers the weights that made it', () => {
  const random = createRandom('regression');
  const weights = [1, -0.5, 2];
  const observations = Array.from({ length: 4_000 }, () => {
    const x = Float64Array.from({ length: D }, () => random.normal());
    return { x, reward: weights.reduce((sum, w, i) => sum + w * x[i]!, 0.1 * random.normal()) };
  });
  const { mean } = posterior(statisticsOf(D, observations), { priorPrecision: 1, noiseVariance: 0.01 });
  assertNear(mean, weights, 0.02);
});

test('sampled weights have the mean and covariance of the posterior', () => {
  const observations = [
    { x: Float64Array.of(1, 1, 0), reward: 1 },
    { x: Float64Array.of(0, 1, -1), reward: 2 },
  ];
  const statistics = statisticsOf(D, observations);
  const fitted = posterior(statistics, OPTIONS);
  const random = createRandom('posterior');
  const rounds = 40_000;
  const sum = new Float64Array(D);
  const products = new Float64Array(D * D);
  for (let round = 0; round < rounds; round++) {
    const weights = sampleWeights(fitted, random);
    for (let i = 0; i < D; i++) {
      sum[i]! += weights[i]!;
      for (let j = 0; j < D; j++) {
        products[i * D + j]! += (weights[i]! - fitted.mean[i]!) * (weights[j]! - fitted.mean[j]!);
      }
    }
  }
  const columns = [0, 1, 2].map((i) =>
    solve(
      precisionOf(statistics),
      [0, 1, 2].map((j) => (i === j ? 1 : 0)),
    ),
  );
  assertNear(
    sum.map((total) => total / rounds),
    fitted.mean,
    0.02,
  );
  assertNear(
    products.map((total) => total / rounds),
    columns.flat(),
    0.02,
  );
});

test('a prior or noise that is not positive, and a prior mean of another length, are refused', () => {
  const statistics = createStatistics(2);
  assert.throws(() => posterior(statistics, { priorPrecision: 0, noiseVariance: 1 }), RangeError);
  assert.throws(() => posterior(statistics, { priorPrecision: 1, noiseVariance: Number.NaN }), RangeError);
  assert.throws(() => posterior(statistics, { ...OPTIONS, priorMean: new Float64Array(3) }), RangeError);
});
