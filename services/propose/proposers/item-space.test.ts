import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dot } from '#algorithms/vectors.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { SearchedSpace } from './item-space.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e', 'f'];
const DIM = 3;
const unit = fc
  .array(fc.integer({ min: -4, max: 4 }), { minLength: DIM, maxLength: DIM })
  .filter((numbers) => numbers.some((one) => one !== 0))
  .map((numbers) => {
    const length = Math.hypot(...numbers);
    return Float32Array.from(numbers, (one) => one / length);
  });

describe('a space of items', () => {
  it('a space of items ranks as its definition says: Σ weight · cosine, times popularity to an exponent', () => {
    fc.assert(
      fc.property(
        fc.array(unit, { minLength: ITEMS.length, maxLength: ITEMS.length }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: ITEMS.length, maxLength: ITEMS.length }),
        fc.subarray(ITEMS, { minLength: 1 }),
        fc.subarray(ITEMS, { maxLength: 2 }),
        fc.constantFrom(0, 0.5, 1),
        (vectors, popularity, named, seen, exponent) => {
          const shareOf = (itemId: string) => popularity[ITEMS.indexOf(itemId)]! / 4;
          const items = embeddedItems(Object.fromEntries(ITEMS.map((id) => [id, [1, 0]])), shareOf);
          const units = Float32Array.from(vectors.flatMap((one) => [...one]));
          const space = new SearchedSpace({ itemIds: ITEMS, dim: DIM, units }, exponent);
          const taken = named.map((itemId, i) => ({ itemId, weight: 1 + i }));
          const ranked = space.rank({ taken, seen, items, candidates: 4 });
          const scoreOf = (itemId: string) =>
            shareOf(itemId) ** exponent *
            taken.reduce(
              (sum, one) => sum + one.weight * dot(space.vectorOf(one.itemId)!, space.vectorOf(itemId)!),
              0,
            );
          const expected = ITEMS.filter((itemId) => !seen.includes(itemId) && scoreOf(itemId) > 1e-6)
            .map(scoreOf)
            .sort((a, b) => b - a)
            .slice(0, 4);
          const own = ranked.filter(({ score }) => score > 1e-6);
          assert.equal(own.length, expected.length);
          for (const [place, { itemId, score, popularity: share }] of own.entries()) {
            assert.ok(Math.abs(score - scoreOf(itemId)) < 1e-5);
            assert.ok(Math.abs(score - expected[place]!) < 1e-5);
            assert.equal(share, shareOf(itemId));
          }
        },
      ),
    );
  });

  it('an item that the space does not know is neither a guide nor a candidate', () => {
    const items = embeddedItems({ tea: [1, 0], mate: [1, 0], new: [1, 0] });
    const space = new SearchedSpace(
      { itemIds: ['tea', 'mate'], dim: 2, units: Float32Array.of(1, 0, 1, 0) },
      1,
    );
    const taken = [
      { itemId: 'tea', weight: 1 },
      { itemId: 'unknown', weight: 1 },
    ];
    const query = { taken, seen: ['tea'], items, candidates: 9 };
    assert.deepEqual(
      space.rank(query).map(({ itemId }) => itemId),
      ['mate'],
    );
    assert.deepEqual(space.rank({ ...query, taken: [] }), []);
  });
});
