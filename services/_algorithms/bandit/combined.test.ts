import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../random.ts';
import { meanOfTable } from './choice.ts';
import { combineProducts, drawCombined } from './combined.ts';
import { posterior, sampleWeights } from './linear.ts';
import { assertNear } from './observations.testing.ts';
import { createStatistics, observe } from './statistics.ts';

const COLUMNS = ['a', 'b', 'new'];
const PRODUCTS = [
  { name: 'a.x.history', column: 0, factor: 0.5 },
  { name: 'a.x.idle', column: 0, factor: -2 },
  { name: 'new.x.history', column: 2, factor: 0.5 },
];
const TABLE = { columns: COLUMNS, values: new Float64Array(3), products: PRODUCTS };

function learned() {
  const random = createRandom('combined');
  const statistics = createStatistics();
  const names = ['a', 'b', 'a.x.history', 'a.x.idle'];
  for (let i = 0; i < 30; i++)
    observe(
      statistics,
      names,
      Float64Array.from(names, () => random.normal()),
      random.normal(),
    );
  const prior = { precision: 2, meanOf: (name: string) => (name === 'new' ? 0.25 : 0) };
  return posterior(statistics, { prior, noiseVariance: 0.5 });
}

test('a column with its products has the mean and the covariance of their sum', () => {
  const law = learned();
  const { mean, factor } = combineProducts(law, TABLE);
  assertNear(mean, meanOfTable(law, TABLE), 1e-12);
  const random = createRandom('draws');
  const sums = new Float64Array(9);
  const rounds = 40_000;
  for (let round = 0; round < rounds; round++) {
    const weights = sampleWeights(law, random);
    const of = (name: string): number => {
      const place = law.columns.get(name);
      return place === undefined ? law.prior.meanOf(name) + random.normal() / Math.sqrt(2) : weights[place]!;
    };
    const combined = Float64Array.from(COLUMNS, of);
    for (const { name, column, factor: times } of PRODUCTS) combined[column]! += times * of(name);
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        sums[i * 3 + j]! += ((combined[i]! - mean[i]!) * (combined[j]! - mean[j]!)) / rounds;
  }
  const covariance = Float64Array.from({ length: 9 }, (_, at) => {
    const [i, j] = [Math.floor(at / 3), at % 3];
    return [0, 1, 2].reduce((sum, k) => sum + factor[i * 3 + k]! * factor[j * 3 + k]!, 0);
  });
  assertNear(sums, covariance, 0.03);
});

test('draws of combined weights have their mean, and are the same for the same random source', () => {
  const law = combineProducts(learned(), TABLE);
  const draws = drawCombined(law, 20_000, createRandom(1));
  const mean = new Float64Array(3);
  for (const [index, value] of draws.entries()) mean[index % 3]! += value / 20_000;
  assertNear(mean, law.mean, 0.03);
  assert.deepEqual(drawCombined(law, 20_000, createRandom(1)), draws);
});
