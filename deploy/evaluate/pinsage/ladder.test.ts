import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { RECIPE } from '../../vectors/embeddings.ts';
import {
  crossEntropyAt,
  LADDER,
  ladderRow,
  meanReciprocalRank,
  PINSAGE_RUNG,
  recipeOf,
  TEMPERATURES,
  testPairs,
} from './ladder.ts';
import { splitOf } from './split.testing.ts';

const DAY_MS = 86_400_000;
const USERS = [1, 1, 2, 3];

describe('the ladder', () => {
  it('trains all rungs on as many examples, and PinSage itself by the recipe as it stands otherwise', () => {
    const { epochs, examplesPerEpoch } = recipeOf(RECIPE, PINSAGE_RUNG, 2).config;
    const config = { ...RECIPE.config, epochs, examplesPerEpoch, seed: 2 };
    assert.deepEqual(recipeOf(RECIPE, PINSAGE_RUNG, 2), { ...RECIPE, config });
    const recipes = LADDER.map((rung) => JSON.stringify(recipeOf(RECIPE, rung, 2)));
    assert.equal(new Set(recipes).size, LADDER.length);
    for (const rung of LADDER) {
      const trained = recipeOf(RECIPE, rung, 2).config;
      assert.deepEqual([trained.epochs, trained.examplesPerEpoch], [epochs, examplesPerEpoch]);
    }
  });

  it('cross-entropy is tried at each temperature as in the ladder, with nothing else changed', () => {
    const inLadder = LADDER.find(({ name }) => name === 'mean pooling, cross-entropy')!;
    for (const temperature of TEMPERATURES) {
      const { config } = recipeOf(RECIPE, crossEntropyAt(temperature), 1);
      assert.deepEqual(config, { ...recipeOf(RECIPE, inLadder, 1).config, temperature });
    }
    assert.equal(meanReciprocalRank(Float64Array.of(1, 2, 4)), 1.75 / 3);
  });

  it('queries are bought with or before their positive in the time after the split', () => {
    const items = [0, 1, 2, 3];
    const split = splitOf({
      itemCount: 4,
      test: {
        user: Int32Array.from(items, () => 1),
        item: Int32Array.from(items),
        context: Int32Array.from(items, (item) => item >> 1),
        weight: new Float32Array(4).fill(1),
        at: Float64Array.from(items, (item) => (item >> 1) * DAY_MS),
      },
    });
    const pairs = testPairs(split, { ...RECIPE.config, pairsPerAction: 20 }, 30, createRandom(1));
    assert.equal(pairs.query.length, 30);
    assert.deepEqual(new Set(pairs.user), new Set([1]));
    pairs.query.forEach((query, i) => {
      assert.ok(query !== pairs.positive[i] && query >> 1 <= pairs.positive[i]! >> 1);
    });
    assert.ok(testPairs(split, RECIPE.config, 30, createRandom(1)).query.length <= 4);
  });

  it('hit rate and MRR are those of the paper, and the lead of the reference is per query', () => {
    const ranks = [Float64Array.of(1, 100, 101, 250), Float64Array.of(11, 100, 101, 250)];
    const best = [Float64Array.of(1, 1, 1, 101), Float64Array.of(1, 1, 1, 101)];
    const row = ladderRow('mean', ranks, { reference: best, users: USERS }, createRandom(1));
    assert.equal(row.hitRate, 0.5);
    assert.equal(row.hitRate10, 1 / 8);
    assert.ok(Math.abs(row.mrr - (1 + 1 + 1 / 2 + 1 / 3) / 4) < 1e-12);
    assert.equal(row.lead, 0.25);
    assert.ok(row.low <= row.hitRate && row.hitRate <= row.high);
    assert.ok(row.mrrLow <= row.mrr && row.mrr <= row.mrrHigh);
    assert.deepEqual(
      [0, 1, 2].map(
        (key) =>
          Object.values(ladderRow('same', best, { reference: best, users: USERS }, createRandom(2)))[9 + key],
      ),
      [0, 0, 0],
    );
  });

  it('a row without training is compared with every training of the reference', () => {
    const row = ladderRow(
      'content',
      [Float64Array.of(500)],
      { reference: [Float64Array.of(1), Float64Array.of(900)], users: [7] },
      createRandom(3),
    );
    assert.equal(row.lead, 0.5);
  });
});
