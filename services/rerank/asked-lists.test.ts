import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askedPool } from './asked-lists.ts';
import type { Pool } from './pools/pool.ts';
import { listOf, NOW, someCause, someItem, someProposal } from './pools/proposals.testing.ts';

const DAY = 86_400_000;
const again = (itemId: string, days: number, daysAgo: number) =>
  someItem(itemId, days, {
    because: someCause({ itemId, importance: 0, lastOccurredAt: NOW - daysAgo * DAY }),
  });
const boughtAgain = listOf(
  someProposal({ model: 'bought-again', items: [again('milk', 7, 1), again('tea', 7, 6)], recent: ['tea'] }),
);
const byCategory = listOf(someProposal({ model: 'trending-by-category', userId: '*' }));
const behaviour = listOf(someProposal({ model: 'behaviour' }));

const poolOf = (...proposals: Pool['proposals']): Pool => ({
  proposals,
  generation: 'g1',
  interestsVersion: 4,
  recent: new Set(['milk', 'tea']),
  lastReceivedAt: NOW,
});
const pool = poolOf(behaviour, boughtAgain, byCategory);
const NO_FILTER = { anyCategory: [], allCategories: [], attributes: [], exclude: ['x'] };
const modelsOf = ({ proposals }: Pool) => proposals.map(({ model }) => model);

describe('the lists of a request', () => {
  it('lists on request are in no other slate, and the part is the same object for each request', () => {
    const plain = askedPool(pool, {}, NOW);
    assert.deepEqual(modelsOf(plain), ['behaviour']);
    assert.equal(plain.recent, pool.recent, 'what the user has stays excluded');
    assert.equal(askedPool(pool, { filter: NO_FILTER }, NOW + 1), plain);
    const alone = poolOf(behaviour);
    assert.equal(askedPool(alone, {}, NOW), alone);
  });

  it('a request that names a category gets what trends in it', () => {
    for (const names of [{ anyCategory: ['Dairy'] }, { allCategories: ['Dairy'] }]) {
      const asked = askedPool(pool, { filter: { ...NO_FILTER, ...names } }, NOW);
      assert.deepEqual(modelsOf(asked), ['behaviour', 'trending-by-category']);
    }
  });

  it('what is bought again comes alone, with the items that the user has, by when it is due at that time', () => {
    const idsAt = (now: number) => {
      const { proposals, recent } = askedPool(pool, { list: 'bought-again' }, now);
      assert.deepEqual([...recent], []);
      const [list] = proposals;
      assert.equal(proposals.length, 1);
      return list!.places.map((at, place) => {
        assert.equal(list!.candidates.causes[list!.causes[place]!]!.itemId, list!.candidates.itemIds[at]);
        return list!.candidates.itemIds[at];
      });
    };
    assert.deepEqual(idsAt(NOW), ['tea', 'milk']);
    assert.deepEqual(idsAt(NOW + 25 * DAY), ['milk', 'tea'], 'tea was left for long by then');
  });

  it('a user who repeats nothing gets an empty slate of what is bought again', () => {
    assert.deepEqual(askedPool(poolOf(behaviour), { list: 'bought-again' }, NOW).proposals, []);
  });
});
