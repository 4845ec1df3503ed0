import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ListForEveryone, Resources } from './proposer.ts';
import { trendingByCategory } from './trending-by-category.ts';

const PATHS: Record<string, readonly string[]> = {
  milk: ['food', 'dairy'],
  cheese: ['food', 'dairy'],
  bread: ['food', 'bakery'],
  cream: ['food', 'dairy'],
  nail: ['tools'],
};
const { signal } = new AbortController();

function create(itemIds: readonly string[], withheld: readonly string[] = []): ListForEveryone {
  const items = itemIds.map((itemId, place) => ({ itemId, share: 2 ** -place }));
  const asNever = () => assert.fail('it needs no vectors');
  const resources: Partial<Resources> = {
    popularity: { top: (n) => items.slice(0, n), share: () => 0 },
    categories: { of: (itemId) => PATHS[itemId] ?? [] },
    index: {
      search: asNever,
      vectors: asNever,
      items: asNever,
      withheld: async () => new Set(withheld),
    },
  };
  const settings = { ofCategory: 2, intervalMs: 300 };
  return trendingByCategory.create(resources, { settings, candidates: 1 }) as ListForEveryone;
}

const idsOf = async (model: ListForEveryone) =>
  (await model.propose(signal))?.items.map(({ itemId }) => itemId);

describe('trending by category', () => {
  it('each category has its most popular items, and an item fills all of its categories', async () => {
    const model = create(['milk', 'cheese', 'cream', 'bread', 'nail', 'loose']);
    // Cream is the third of its categories, and bread the third of food and the first of the bakery.
    assert.deepEqual(await idsOf(model), ['milk', 'cheese', 'bread', 'nail']);
    assert.equal(model.everyMs, 300);
    assert.ok(model.candidates! > 1, 'the list may be longer than those of the other models');
  });

  it('items that may not be recommended leave their places to the next ones', async () => {
    assert.deepEqual(await idsOf(create(['milk', 'cheese', 'cream'], ['milk'])), ['cheese', 'cream']);
  });

  it('nothing is proposed before anybody did anything', async () => {
    assert.equal(await idsOf(create([])), undefined);
  });
});
