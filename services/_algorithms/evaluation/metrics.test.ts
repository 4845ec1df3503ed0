import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coverage, hitRate, ndcg, pairOverlap, type RankedList, recall, reciprocalRank } from './metrics.ts';

const K = 4;
const item = fc.nat(11);
const lists: fc.Arbitrary<RankedList<number>> = fc.record({
  recommended: fc.uniqueArray(item),
  relevant: fc.uniqueArray(item, { minLength: 1 }).map((items) => new Set(items)),
});

const EXAMPLE: RankedList<string> = {
  recommended: ['a', 'b', 'c', 'd', 'e'],
  relevant: new Set(['b', 'd', 'e', 'x', 'y', 'z']),
};

test('the metrics of a worked example are exact', () => {
  assert.equal(hitRate(EXAMPLE, K), 1);
  assert.equal(hitRate(EXAMPLE, 1), 0);
  assert.equal(recall(EXAMPLE, K), 2 / 6);
  assert.equal(reciprocalRank(EXAMPLE, K), 1 / 2);
  assert.equal(reciprocalRank(EXAMPLE, 1), 0);
  const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
  const ideal = 1 + 1 / Math.log2(3) + 1 / Math.log2(4) + 1 / Math.log2(5);
  assert.ok(Math.abs(ndcg(EXAMPLE, K) - gain / ideal) < 1e-12);
});

test('the scaled reciprocal rank is that of the PinSage paper', () => {
  const recommended = Array.from({ length: 500 }, (_, i) => i);
  const at = (rank: number) => reciprocalRank({ recommended, relevant: new Set([rank - 1]) }, 500, 100);
  assert.deepEqual([1, 100, 101, 500].map(at), [1, 1, 1 / 2, 1 / 5]);
});

test('every metric lies in [0, 1], and either all are 0 or none is', () => {
  fc.assert(
    fc.property(lists, (list) => {
      const values = [hitRate(list, K), recall(list, K), ndcg(list, K), reciprocalRank(list, K)];
      assert.ok(values.every((value) => value >= 0 && value <= 1));
      assert.ok(values.every((value) => value === 0) || values.every((value) => value > 0));
    }),
  );
});

test('NDCG is 1 exactly for a list with as many hits in front as possible', () => {
  fc.assert(
    fc.property(lists, (list) => {
      const possible = Math.min(list.relevant.size, K);
      const perfect = list.recommended.slice(0, possible).filter((each) => list.relevant.has(each)).length;
      assert.equal(ndcg(list, K) > 1 - 1e-12, perfect === possible);
      const ideal = { ...list, recommended: [...list.relevant] };
      assert.ok(Math.abs(ndcg(ideal, K) - 1) < 1e-12);
    }),
  );
});

test('moving a hit up never lowers a metric', () => {
  fc.assert(
    fc.property(lists, fc.nat(10), (list, place) => {
      const hit = list.recommended[place];
      if (hit === undefined || !list.relevant.has(hit)) return;
      const promoted = { ...list, recommended: [hit, ...list.recommended.filter((each) => each !== hit)] };
      for (const metric of [hitRate<number>, recall<number>, ndcg<number>, reciprocalRank<number>]) {
        assert.ok(metric(promoted, K) >= metric(list, K) - 1e-12);
      }
    }),
  );
});

test('coverage counts the distinct items that any list shows within the cut-off', () => {
  assert.equal(
    coverage(
      [
        ['a', 'b', 'c'],
        ['b', 'd'],
      ],
      2,
      6,
    ),
    3 / 6,
  );
  assert.equal(coverage([], 2, 6), 0);
});

test('a list without relevant items and a cut-off below 1 are rejected', () => {
  for (const metric of [hitRate<string>, recall<string>, ndcg<string>, reciprocalRank<string>]) {
    assert.throws(() => metric({ recommended: ['a'], relevant: new Set() }, K), RangeError);
    assert.throws(() => metric(EXAMPLE, 0), RangeError);
  }
  assert.throws(() => coverage([['a']], 0, 1), RangeError);
});

test('the overlap of lists is the mean over all pairs of the shared part of their first k', () => {
  assert.equal(
    pairOverlap(
      [
        ['a', 'b'],
        ['b', 'c'],
        ['x', 'a'],
      ],
      2,
    ),
    1 / 3,
  );
  assert.equal(pairOverlap([['a'], ['b', 'a']], 1), 0, 'only the first k count');
  assert.equal(pairOverlap([['a']], 1), 0);
});
