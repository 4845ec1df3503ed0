import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FactorScan } from '#algorithms/behaviour/factor-scan.ts';
import { createRandom } from '#algorithms/random.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { SharedFactors } from './shared-factors.ts';

const COUNT = 30;
const RANK = 4;
const itemIds = Array.from({ length: COUNT }, (_, item) => `i${item}`);

function someFactors(seed: number) {
  const random = createRandom(seed);
  const numbers = (length: number) => Float64Array.from({ length }, () => random.next());
  return {
    itemIds,
    factors: {
      rank: RANK,
      units: Float32Array.from(numbers(COUNT * RANK), (one) => one / 2),
      fold: numbers(COUNT),
      offer: numbers(COUNT),
    },
  };
}

/** The last item may not be proposed. */
const offered = () =>
  embeddedItems(Object.fromEntries(itemIds.slice(0, -1).map((itemId) => [itemId, [1, 0]])), () => 0.5);

describe('factors that models share', () => {
  it('models of the same factors share one copy of them, and models of others do not', () => {
    assert.equal(SharedFactors.of(someFactors(1)), SharedFactors.of(someFactors(1)));
    assert.notEqual(SharedFactors.of(someFactors(1)), SharedFactors.of(someFactors(2)));
    const renamed = { ...someFactors(1), itemIds: itemIds.map((itemId) => `x${itemId}`) };
    assert.notEqual(SharedFactors.of(someFactors(1)), SharedFactors.of(renamed));
  });

  it('the best items of a window are those of a scan, which is made once for the deepest request', () => {
    const shared = SharedFactors.of(someFactors(3));
    const items = offered();
    const recent = ['i3', 'unknown', 'i5'];
    const isWithheld = new Uint8Array(COUNT);
    isWithheld[COUNT - 1] = 1;
    const scanned = new FactorScan(someFactors(3).factors).scan([3, 5], 20, isWithheld);
    assert.deepEqual(shared.takenOf(recent, items), { numbers: [3, 5], places: [0, 2] });
    const few = shared.best(recent, items, 5);
    assert.deepEqual([...few.items], [...scanned.items.subarray(0, 5)]);
    assert.equal(shared.best(recent, items, 3), few);
    const many = shared.best(recent, items, 20);
    assert.deepEqual([many.items, many.scores], [scanned.items, scanned.scores]);
    // A later window is scanned as deep as any model needs.
    assert.deepEqual(shared.best([...recent], items, 5).items, scanned.items);
  });

  it('another set of items that may be proposed has lists of its own', () => {
    const shared = SharedFactors.of(someFactors(4));
    const recent = ['i1'];
    const first = shared.best(recent, offered(), 10);
    const [best] = first.items;
    const fewer = embeddedItems(
      Object.fromEntries(itemIds.filter((itemId) => itemId !== `i${best}`).map((itemId) => [itemId, [1, 0]])),
      () => 0.5,
    );
    assert.ok(!shared.best(recent, fewer, 10).items.includes(best!));
  });
});
