import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bestRows } from '../bandit/choice.ts';
import { FactorScan } from '../behaviour/factor-scan.ts';
import { createRandom } from '../random.ts';
import { CombinerRanking } from './candidate-ranking.ts';
import { CombinerRows } from './candidate-rows.ts';
import type { CombinerBase } from './candidates.ts';
import { groupsOf } from './item-groups.ts';
import { addLifts } from './lifts.ts';
import { scoresOf } from './listwise.ts';
import { itemTraits } from './traits.ts';

const RANK = 8;
const MOST_LIFT = 0.5;

/** A catalogue of which some items have no category, no takers or no factors. */
function someBase(seed: number, itemCount: number, levels: number): CombinerBase {
  const random = createRandom(seed);
  const groups = groupsOf(
    Array.from({ length: itemCount }, (_, item) =>
      item % 7 === 0 ? [] : Array.from({ length: levels }, (_, level) => `${(item * (level + 1)) % 11}`),
    ),
  );
  const actions = {
    user: Int32Array.from({ length: 5 * itemCount }, () => random.integer(30)),
    item: Int32Array.from({ length: 5 * itemCount }, () => random.integer(Math.ceil(0.9 * itemCount))),
    at: Float64Array.from({ length: 5 * itemCount }, (_, i) => i * 3_600_000),
  };
  const factors = Array.from({ length: 2 }, () => ({
    rank: RANK,
    units: Float32Array.from({ length: itemCount * RANK }, () => random.normal() / 4),
    fold: Float64Array.from({ length: itemCount }, () => random.next()),
    offer: Float64Array.from({ length: itemCount }, () => Math.max(0, random.next() - 0.1)),
  }));
  return { factors, groups, traits: itemTraits(actions, itemCount, groups) };
}

describe('the ranking of the combiner', () => {
  it('the ranking of the combiner has the order and the scores of the rows from which the weights are learned', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 30, max: 900 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 40 }),
        (seed, itemCount, levels, takenCount) => {
          const base = someBase(seed, itemCount, levels);
          const random = createRandom(seed).fork('user');
          const rows = new CombinerRows(base);
          const weights = Float64Array.from({ length: rows.width }, () => random.normal());
          const lifts = Float32Array.from({ length: itemCount }, () => random.next());
          const added = Float64Array.from(lifts, (lift) => Math.min(MOST_LIFT, lift));
          const scan = new FactorScan(base.factors[0]!);
          const ranking = new CombinerRanking(base, weights, { added, scan });
          const isWithheld = Uint8Array.from({ length: itemCount }, () => (random.next() < 0.1 ? 1 : 0));
          // The second user shows that the first one has left nothing behind.
          for (let user = 0; user < 2; user++) {
            const taken = [...new Set(Array.from({ length: takenCount }, () => random.integer(itemCount)))];
            const { items, rows: features } = rows.of(taken, isWithheld);
            const scores = scoresOf(features, weights);
            addLifts({ items, scores }, lifts, MOST_LIFT);
            const expected = bestRows(scores, 100);
            // The second user comes with a deeper list by the first factors.
            const first = user === 0 ? undefined : scan.scan(taken, 300, isWithheld);
            const ranked = ranking.rank(taken, 100, isWithheld, first);
            assert.deepEqual(
              [...ranked.items],
              Array.from(expected, (place) => items[place]!),
            );
            expected.forEach((place, rank) => {
              const error = Math.abs(ranked.scores[rank]! - scores[place]!);
              assert.ok(error <= 1e-12 * (1 + Math.abs(scores[place]!)), `off by ${error}`);
            });
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
