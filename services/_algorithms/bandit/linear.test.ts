import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { type Prior, posterior, sampleWeights, varianceOfScore, withColumns } from './linear.ts';
import { assertNear, columnsOf, observationsOf, statisticsOf } from './observations.testing.ts';
import { createStatistics, observe, type Statistics } from './statistics.ts';

const D = 3;
const COLUMNS = columnsOf(D);
const PRIOR_MEAN: readonly number[] = [0.5, -1, 0];
const PRIOR: Prior = { precision: 2, meanOf: (column) => PRIOR_MEAN[COLUMNS.indexOf(column)] ?? 0.25 };
const OPTIONS = { prior: PRIOR, noiseVariance: 0.5 };
/** Lists the columns without any observation of their own. */
const ZERO = { x: new Float64Array(D), reward: 0 };
const NO_MEAN: Prior = { precision: 1, meanOf: () => 0 };

/** The prior over the columns: a posterior of no observations that lists them. */
function priorOver(columns: readonly string[], prior = PRIOR) {
  return withColumns(posterior(createStatistics(), { prior, noiseVariance: 1 }), columns);
}

/** Λ from the definition. */
function precisionOf({ precision }: Statistics): number[][] {
  return Array.from({ length: D }, (_, i) =>
    Array.from(
      { length: D },
      (_, j) => precision[i * D + j]! / OPTIONS.noiseVariance + (i === j ? PRIOR.precision : 0),
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
      const statistics = statisticsOf(D, [...observations, ZERO]);
      const fitted = posterior(statistics, OPTIONS);
      const precision = precisionOf(statistics);
      const right = Array.from(
        statistics.moment,
        (sum, i) => sum / OPTIONS.noiseVariance + PRIOR.precision * PRIOR_MEAN[i]!,
      );
      assertNear(fitted.mean, solve(precision, right), 1e-7);
      const x = [1, -2, 0.5];
      const variance = solve(precision, x).reduce((sum, value, i) => sum + value * x[i]!, 0);
      assertNear([varianceOfScore(fitted, Float64Array.from(x))], [variance], 1e-7);
    }),
  );
});

test('without data the posterior is the prior', () => {
  const prior = priorOver(COLUMNS);
  assertNear(prior.mean, PRIOR_MEAN, 1e-12);
  assertNear([varianceOfScore(prior, Float64Array.of(1, 0, 0))], [1 / PRIOR.precision], 1e-12);
  assert.deepEqual([...priorOver(COLUMNS, NO_MEAN).mean], [0, 0, 0]);
});

test('columns that are listed later have their prior and do not change the others', () => {
  fc.assert(
    fc.property(observationsOf(D), (observations) => {
      const statistics = statisticsOf(D, [...observations, ZERO]);
      const extended = withColumns(posterior(statistics, OPTIONS), ['b', 'new', 'newer', 'a']);
      assert.deepEqual([...extended.columns.keys()], ['a', 'b', 'c', 'new', 'newer']);
      // The definition: the same columns observed with zeros only.
      const zeros = createStatistics();
      for (const { x, reward } of observations) observe(zeros, COLUMNS, x, reward);
      observe(zeros, [...COLUMNS, 'new', 'newer'], new Float64Array(5), 0);
      const expected = posterior(zeros, OPTIONS);
      assertNear(extended.mean, expected.mean, 1e-12);
      assertNear(extended.choleskyOfPrecision, expected.choleskyOfPrecision, 1e-12);
      assert.equal(withColumns(extended, ['newer', 'c']), extended);
    }),
  );
});

test('the distribution of the other columns is the marginal one if no feature uses a column', () => {
  const observations = [
    { x: Float64Array.of(1, 0.5, 2), reward: 1 },
    { x: Float64Array.of(-1, 1, 0.5), reward: 0.2 },
  ];
  const fitted = posterior(statisticsOf(D, observations), OPTIONS);
  const random = createRandom('marginal');
  const rounds = 40_000;
  let [sum, squares] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const weights = sampleWeights(fitted, random);
    const score = weights[0]! - weights[1]!;
    sum += score;
    squares += score * score;
  }
  const mean = sum / rounds;
  const x = Float64Array.of(1, -1, 0);
  assertNear([mean], [fitted.mean[0]! - fitted.mean[1]!], 0.02);
  assertNear([squares / rounds - mean * mean], [varianceOfScore(fitted, x)], 0.02);
});

test('the posterior of much data recovers the true weights', () => {
  const random = createRandom('regression');
  const weights = [1, -0.5, 2];
  const observations = Array.from({ length: 4_000 }, () => {
    const x = Float64Array.from({ length: D }, () => random.normal());
    return { x, reward: weights.reduce((sum, w, i) => sum + w * x[i]!, 0.1 * random.normal()) };
  });
  const { mean } = posterior(statisticsOf(D, observations), { prior: NO_MEAN, noiseVariance: 0.01 });
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

test('a prior or noise that is not positive, and a prior mean that is not finite, are rejected', () => {
  const statistics = statisticsOf(2, [{ x: Float64Array.of(1, 1), reward: 1 }]);
  const broken: Prior = { precision: 1, meanOf: () => Number.NaN };
  const flat: Prior = { precision: 0, meanOf: () => 0 };
  assert.throws(() => posterior(statistics, { prior: flat, noiseVariance: 1 }), RangeError);
  assert.throws(() => posterior(statistics, { prior: PRIOR, noiseVariance: Number.NaN }), RangeError);
  assert.throws(() => posterior(statistics, { ...OPTIONS, prior: broken }), RangeError);
  assert.throws(() => priorOver(COLUMNS, broken), RangeError);
});
