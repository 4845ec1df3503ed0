import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { hitsOfPairs, pairsAmong, smallCategories, subCatalogue } from './small-categories.ts';

const itemIds = ['milk', 'tea', 'pen', 'ink', 'rose'];
const catalogue = new Map(
  itemIds.map((itemId, i) => [
    itemId,
    { itemId, title: itemId, categories: [['food', 'food', 'paper', 'paper', 'garden'][i]!] },
  ]),
);
/** Twelve users take food on one day; one user takes pen and ink on a later day. */
const food = Array.from({ length: 24 }, (_, i) => ({ user: Math.floor(i / 2), item: i % 2, at: 0 }));
const rows = [...food, { user: 0, item: 2, at: 2e8 }, { user: 0, item: 3, at: 2e8 }];
const actions = {
  user: Int32Array.from(rows, ({ user }) => user),
  item: Int32Array.from(rows, ({ item }) => item),
  at: Float64Array.from(rows, ({ at }) => at),
  context: new Int32Array(rows.length),
  weight: new Float32Array(rows.length),
};

describe('categories with little data', () => {
  const small = smallCategories(itemIds, catalogue, actions.item);

  it('the smallest categories have a tenth of the actions at most, and a category that nobody took is none', () => {
    assert.deepEqual([...small], [2, 3]);
  });

  it('a training on them alone knows their items and actions alone', () => {
    const part = { name: 'text', width: 2, values: Float32Array.from({ length: 10 }, (_, i) => i) };
    const { itemCount, parts, pairs, popularity } = subCatalogue(small, [part], actions);
    assert.deepEqual(
      [itemCount, [...parts[0]!.values], pairs.count, popularity],
      [2, [4, 5, 6, 7], 2, Int32Array.of(1, 1)],
    );
  });

  it('a pair is hit if its right item is among the ten nearest of its left one', () => {
    const { left, right } = pairsAmong(actions, small, 50, createRandom(1));
    assert.ok([...left, ...right].every((item) => item === 2 || item === 3));
    const many = Int32Array.from({ length: 20 }, (_, i) => i);
    const vectors = Float32Array.from(many, (i) => 20 - i);
    const hits = hitsOfPairs(vectors, 1, { left: Int32Array.of(0, 0), right: Int32Array.of(10, 11) }, many);
    assert.deepEqual([...hits], [1, 0]);
  });
});
