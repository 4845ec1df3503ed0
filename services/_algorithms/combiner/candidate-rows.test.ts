import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FactorScan, firstOf } from '../behaviour/factor-scan.ts';
import { type BehaviourFactors, foldIn } from '../behaviour/factors.ts';
import { createRandom } from '../random.ts';
import { dot, row } from '../vectors.ts';
import { CombinerRows } from './candidate-rows.ts';
import { groupsOf } from './item-groups.ts';
import { itemTraits, TRAITS } from './traits.ts';

const ITEMS = 40;
const RANK = 4;

function someFactors(): BehaviourFactors {
  const random = createRandom('factors');
  const numbers = (length: number) => Float64Array.from({ length }, () => random.next());
  return {
    rank: RANK,
    units: Float32Array.from(numbers(ITEMS * RANK), (one) => one / 2),
    fold: numbers(ITEMS),
    offer: numbers(ITEMS),
  };
}

function someBase() {
  const random = createRandom('actions');
  const groups = groupsOf(
    Array.from({ length: ITEMS }, (_, item) => [item < 20 ? 'food' : 'tools', `${item % 5}`]),
  );
  const actions = {
    user: Int32Array.from({ length: 300 }, () => random.integer(30)),
    // The last item was taken by nobody.
    item: Int32Array.from({ length: 300 }, () => random.integer(ITEMS - 1)),
    at: Float64Array.from({ length: 300 }, (_, i) => i * 3_600_000),
  };
  return { factors: [someFactors()], groups, traits: itemTraits(actions, ITEMS, groups) };
}

describe('a scan of factors', () => {
  it('a scan finds the items of the highest scores by definition, without those that are left out', () => {
    const factors = someFactors();
    const isWithheld = new Uint8Array(ITEMS);
    isWithheld[7] = 1;
    const scan = new FactorScan(factors);
    const scanned = scan.scan([3, 4], 10, isWithheld);
    const query = foldIn(factors, [3, 4]);
    const scores = Array.from({ length: ITEMS }, (_, item) => {
      return factors.offer[item]! * dot(query, row(factors.units, item, RANK));
    });
    const expected = [...scores.keys()]
      .filter((item) => ![3, 4, 7].includes(item))
      .sort((a, b) => scores[b]! - scores[a]!)
      .slice(0, 10);
    assert.deepEqual([...scanned.items], expected);
    // Another user is scanned in between.
    scan.scan([5], 10, undefined);
    const all = scanned.ranksAndScores(Int32Array.from(scores.keys()));
    for (const [item, score] of all.scores.entries()) assert.ok(Math.abs(score - scores[item]!) < 1e-6);
    assert.deepEqual(
      [...all.ranks],
      [...scores.keys()].map((item) => expected.indexOf(item)),
    );
    assert.deepEqual(
      scanned.ranksAndScores(scanned.items).scores,
      scanned.scores,
      'the same bits as in the scan',
    );
    const first = firstOf(scanned, 4);
    assert.deepEqual([...first.items], expected.slice(0, 4));
    assert.deepEqual([...first.ranksAndScores(scanned.items).ranks], [0, 1, 2, 3, -1, -1, -1, -1, -1, -1]);
  });
});

describe('candidates of the combiner', () => {
  const base = someBase();
  const rows = new CombinerRows(base);

  it('candidates are no items of the user and none that is withheld, each once', () => {
    const isWithheld = new Uint8Array(ITEMS);
    isWithheld[5] = 1;
    const { items } = rows.of([1, 2], isWithheld);
    assert.equal(new Set(items).size, items.length);
    for (const item of [1, 2, 5]) assert.ok(!items.includes(item));
    assert.ok(items.length >= 30);
  });

  it('a candidate has a finite number for each feature, and more of a group that the user prefers', () => {
    const { items, rows: features } = rows.of([0, 1, 2, 3]);
    assert.equal(features.length, items.length * rows.width);
    assert.equal(rows.width, 2 + 2 + TRAITS.length);
    assert.ok(features.every(Number.isFinite));
    const liftOf = (item: number) => features[items.indexOf(item) * rows.width + 2]!;
    const food = [...items].find((item) => item < 20)!;
    const tool = [...items].find((item) => item >= 20)!;
    assert.ok(liftOf(food) > 0 && liftOf(tool) < 0);
  });

  it('candidates of a user without items are finite too', () => {
    const { rows: features } = rows.of([]);
    assert.ok(features.every(Number.isFinite));
  });
});
