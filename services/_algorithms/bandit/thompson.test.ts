import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { type Posterior, posterior, sampleWeights, withColumns } from './linear.ts';
import { columnsOf } from './observations.testing.ts';
import { createStatistics } from './statistics.ts';
import { chooseByThompson } from './thompson.ts';

const D = 4;

const COLUMNS = columnsOf(D);

/** Independent weights of the columns a, b, … */
function normalWith(mean: Float64Array, variance: number): Posterior {
  const columns = columnsOf(mean.length);
  const prior = { precision: 1 / variance, meanOf: (column: string) => mean[columns.indexOf(column)]! };
  return withColumns(posterior(createStatistics(), { prior, noiseVariance: 1 }), columns);
}

const requests = fc
  .record({
    candidates: fc.nat(12),
    size: fc.nat(6),
    draws: fc.integer({ min: 1, max: 20 }),
    seed: fc.nat(),
    variance: fc.constantFrom(0.01, 1, 100),
  })
  .map(({ candidates, size, draws, seed, variance }) => {
    const random = createRandom(seed);
    const values = Float64Array.from({ length: candidates * D }, () => random.normal());
    const features = { columns: COLUMNS, values };
    const mean = Float64Array.from({ length: D }, () => random.normal());
    return { candidates, size, draws, seed, features, posterior: normalWith(mean, variance) };
  });

/** The lists of all draws by full sorts, drawn from the same random source. */
function listsBySorting({ candidates, size, draws, seed, features, posterior: weightsLaw }: SlateCase) {
  const random = createRandom(seed);
  const lists = Array.from({ length: draws }, () => {
    const weights = sampleWeights(weightsLaw, random);
    const score = (c: number) =>
      weights.reduce((sum, weight, i) => sum + weight * features.values[c * D + i]!, 0);
    return Array.from({ length: candidates }, (_, c) => c)
      .sort((a, b) => score(b) - score(a) || a - b)
      .slice(0, size);
  });
  return { lists, shown: lists[random.integer(draws)]! };
}
type SlateCase = typeof requests extends fc.Arbitrary<infer T> ? T : never;

test('the slate is one of the lists and its propensities are their shares, as counted by full sorts', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const slate = chooseByThompson({ ...request, random: createRandom(request.seed) });
      const { lists, shown } = listsBySorting(request);
      assert.deepEqual([...slate.order], shown);
      shown.forEach((candidate, slot) => {
        const holders = lists.filter((list) => list[slot] === candidate).length;
        assert.equal(slate.propensities[slot], holders / request.draws);
      });
    }),
  );
});

test('candidates are distinct, scores descend and propensities lie in [1/draws, 1]', () => {
  fc.assert(
    fc.property(requests, (request) => {
      const { order, scores, propensities } = chooseByThompson({
        ...request,
        random: createRandom(request.seed),
      });
      assert.equal(order.length, Math.min(request.size, request.candidates));
      assert.equal(new Set(order).size, order.length);
      assert.deepEqual(scores.toSorted().reverse(), scores);
      assert.ok(propensities.every((propensity) => propensity >= 1 / request.draws && propensity <= 1));
    }),
  );
});

test('with very small variance the slate is the greedy one with probability 1', () => {
  const features = { columns: ['a', 'b'], values: Float64Array.of(1, 0, 0, 1, 1, 1, 0, 0) };
  const certain = normalWith(Float64Array.of(2, 1), 1e-18);
  const { order, propensities } = chooseByThompson({
    features,
    posterior: certain,
    size: 3,
    draws: 64,
    random: createRandom(1),
  });
  assert.deepEqual([...order], [2, 0, 1]);
  assert.deepEqual([...propensities], [1, 1, 1]);
});

test('two equal but independent candidates share the slot evenly', () => {
  const request = {
    features: { columns: ['a', 'b'], values: Float64Array.of(1, 0, 0, 1) },
    posterior: normalWith(Float64Array.of(0, 0), 1),
    size: 1,
  };
  const random = createRandom('even');
  const rounds = 2_000;
  let first = 0;
  for (let i = 0; i < rounds; i++)
    if (chooseByThompson({ ...request, draws: 4, random }).order[0] === 0) first++;
  assert.ok(Math.abs(first / rounds - 0.5) < 0.04, `first shown in ${first} of ${rounds}`);
});

test('inverse propensity weighting of logged slates recovers the value of another policy', () => {
  const rewards = [0.2, 0.9];
  const request = {
    features: { columns: ['a', 'b'], values: Float64Array.of(1, 0, 0, 1) },
    posterior: normalWith(Float64Array.of(0.3, 0), 1),
    size: 1,
    draws: 64,
  };
  const random = createRandom('off-policy');
  const rounds = 5_000;
  let weighted = 0;
  for (let i = 0; i < rounds; i++) {
    const { order, propensities } = chooseByThompson({ ...request, random });
    // The evaluated policy always shows candidate 1.
    if (order[0] === 1) weighted += rewards[1]! / propensities[0]!;
  }
  assert.ok(Math.abs(weighted / rounds - rewards[1]!) < 0.06, `estimate ${weighted / rounds}`);
});

test('features are matched to weights by name: the order of columns does not matter, and missing ones are 0', () => {
  fc.assert(
    fc.property(requests, fc.shuffledSubarray(COLUMNS, { minLength: 1 }), (request, columns) => {
      const { values } = request.features;
      const used = new Set(columns);
      const zeroed = values.map((value, i) => (used.has(COLUMNS[i % D]!) ? value : 0));
      const picked = Array.from({ length: request.candidates }, (_, c) =>
        columns.map((name) => values[c * D + COLUMNS.indexOf(name)]!),
      );
      const choose = (features: SlateCase['features']) =>
        chooseByThompson({ ...request, features, random: createRandom(request.seed) });
      const all = choose({ columns: COLUMNS, values: zeroed });
      const some = choose({ columns, values: Float64Array.from(picked.flat()) });
      assert.deepEqual(some.order, all.order);
      assert.deepEqual(some.propensities, all.propensities);
      for (const [slot, score] of some.scores.entries()) {
        assert.ok(Math.abs(score - all.scores[slot]!) < 1e-9);
      }
    }),
  );
});

test('malformed requests are rejected', () => {
  const law = normalWith(Float64Array.of(0, 0), 1);
  const random = createRandom(1);
  const choose = (values: Float64Array, draws = 8) =>
    chooseByThompson({ features: { columns: ['a', 'b'], values }, posterior: law, size: 1, draws, random });
  assert.throws(() => choose(Float64Array.of(1, 2, 3)), RangeError);
  assert.throws(() => choose(Float64Array.of(1, Number.NaN)), RangeError);
  assert.throws(() => choose(Float64Array.of(1, 2), 0), RangeError);
  assert.equal(choose(new Float64Array(0)).order.length, 0);
});
