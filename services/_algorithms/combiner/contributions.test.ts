import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BehaviourFactors } from '../behaviour/factors.ts';
import { createRandom } from '../random.ts';
import { dot, row } from '../vectors.ts';
import { CombinerRanking } from './candidate-ranking.ts';
import { CombinerRows } from './candidate-rows.ts';
import { DEPTH, LARGEST_SCORE, LOG_RANKS, scaleOf } from './candidates.ts';
import { Contributions } from './contributions.ts';
import { groupsOf } from './item-groups.ts';
import { itemTraits, TRAITS } from './traits.ts';

const ITEMS = 60;
const MOST = 12;
const random = createRandom('contributions');

function someFactors(rank: number): BehaviourFactors {
  const units = new Float32Array(ITEMS * rank);
  for (let item = 0; item < ITEMS; item++) {
    const vector = Array.from({ length: rank }, () => random.normal());
    const length = Math.hypot(...vector);
    units.set(
      vector.map((value) => value / length),
      item * rank,
    );
  }
  const numbers = () => Float64Array.from({ length: ITEMS }, () => 0.1 + random.next());
  return { rank, units, fold: numbers(), offer: numbers() };
}

const groups = groupsOf(
  Array.from({ length: ITEMS }, (_, item) => (item % 7 === 0 ? [] : [`${item % 2}`, `${item % 6}`])),
);
const actions = {
  user: Int32Array.from({ length: 600 }, () => random.integer(40)),
  item: Int32Array.from({ length: 600 }, () => random.integer(ITEMS)),
  at: Float64Array.from({ length: 600 }, (_, i) => i * 3_600_000),
};
const base = {
  factors: [someFactors(8), someFactors(5)],
  groups,
  traits: itemTraits(actions, ITEMS, groups),
};
const weights = Float64Array.from({ length: 4 + groups.levels + TRAITS.length }, () => random.next());
const rows = new CombinerRows(base);
const ranking = new CombinerRanking(base, weights);
const create = (most = MOST, by = weights) => new Contributions(base, by, ranking, most);
const rank = (own: readonly number[]) => ranking.rank(own, ITEMS);

/** The contribution of each item of the user to a candidate, one term after the other. */
function byDefinition(found: ReturnType<typeof rank>, place: number, taken: readonly number[]): number[] {
  const item = found.items[place]!;
  const features = rows.of(taken);
  const feature = (column: number) => features.rows[features.items.indexOf(item) * rows.width + column]!;
  const ofNothing = (model: number) => {
    const { mean, deviation } = scaleOf(found.scanned[model]!.scores);
    return Math.max(-LARGEST_SCORE, -mean / deviation);
  };
  const sums = taken.map(() => 0);
  for (const [model, { rank, units, fold, offer }] of base.factors.entries()) {
    const parts = taken.map(
      (own) => offer[item]! * fold[own]! * dot(row(units, own, rank), row(units, item, rank)),
    );
    const score = parts.reduce((a, b) => a + b, 0);
    const above =
      weights[2 * model]! * (feature(2 * model) - ofNothing(model)) +
      weights[2 * model + 1]! * (feature(2 * model + 1) - LOG_RANKS[DEPTH]!);
    if (score > 0 && above > 0)
      parts.forEach((part, i) => {
        sums[i]! += (above * part) / score;
      });
  }
  for (let level = 0; level < groups.levels; level++) {
    const group = groups.of[item * groups.levels + level]!;
    const inGroup = taken.map((own) => group >= 0 && groups.of[own * groups.levels + level] === group);
    const count = inGroup.filter(Boolean).length;
    const part = weights[4 + level]! * feature(4 + level);
    if (count > 0 && part > 0)
      inGroup.forEach((isIn, i) => {
        sums[i]! += isIn ? part / count : 0;
      });
  }
  return sums;
}

const taken = [3, 14, 15, 9, 26, 5, 35, 8, 7];
const found = rank(taken);
const places = Array.from({ length: MOST }, (_, place) => place);
const all = taken.map(() => 1);

describe('contributions to the score of a candidate', () => {
  it('the item named is the one of the largest contribution by definition, with its amount', () => {
    const named = create().of(found, taken, all);
    assert.equal(named.length, MOST);
    for (const [place, { by, amount, share }] of named.entries()) {
      const expected = byDefinition(found, place, taken);
      const most = Math.max(...expected);
      const total = expected.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(share - most / total) < 1e-4 * share, `${share} instead of ${most / total}`);
      assert.equal(by, expected.indexOf(most));
      assert.ok(Math.abs(amount - most) < 1e-5 * most, `${amount} instead of ${most}`);
    }
  });

  it('an item stands out where it contributes twice as much as the average item, and has twice its usual share', () => {
    const named = create().of(found, taken, all);
    const shares = places.map((place) => {
      const parts = byDefinition(found, place, taken);
      const total = parts.reduce((a, b) => a + b, 0);
      return parts.map((part) => part / total);
    });
    for (const [place, { by, isOutstanding }] of named.entries()) {
      const usual = shares.reduce((sum, own) => sum + own[by]!, 0) / MOST;
      const share = shares[place]![by]!;
      assert.equal(isOutstanding, share >= 2 * usual && share >= 2 / taken.length);
    }
    const outstanding = named.filter(({ isOutstanding }) => isOutstanding).length;
    assert.ok(outstanding > 0 && outstanding < MOST);
  });

  it('an item that contributes alike to all candidates stands out for none', () => {
    const alone = rank([3]);
    const named = create().of(alone, [3], [1]);
    assert.ok(named.every(({ isOutstanding }) => !isOutstanding));
  });

  it('an item that may not be named is none, and nobody is named where none may be', () => {
    const contributions = create();
    const [first] = contributions.of(found, taken, all);
    const others = all.map((_, i) => (i === first!.by ? 0 : 1));
    assert.notEqual(contributions.of(found, taken, others)[0]!.by, first!.by);
    const nobody = contributions.of(found, taken, new Uint8Array(taken.length));
    assert.ok(nobody.every(({ by }) => by === -1));
  });

  it('only so many candidates as were agreed are explained, and none of a user without items', () => {
    const contributions = create(4);
    assert.equal(contributions.of(found, taken, all).length, 4);
    assert.deepEqual(contributions.of(rank([]), [], []), []);
  });

  it('weights below 0 make no contributions, so that nobody is named', () => {
    const against = weights.map((weight) => -weight);
    const named = create(MOST, against).of(found, taken, all);
    for (const { by, isOutstanding } of named) {
      assert.ok(by >= -1);
      assert.ok(by >= 0 || !isOutstanding);
    }
  });
});
