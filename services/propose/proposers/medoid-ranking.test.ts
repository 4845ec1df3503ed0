import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dot } from '#algorithms/vectors.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { medoid } from '../interests.testing.ts';
import { priorsOf, rankByMedoids, type WeightedMedoid } from './medoid-ranking.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const DIM = 3;

function weighted(itemIds: readonly string[], weights: readonly number[]): WeightedMedoid[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return itemIds
    .map((itemId, i) => ({
      medoid: medoid(itemId, weights[i]),
      weight: weights[i]! / total,
      share: weights[i]! / total,
    }))
    .sort((a, b) => b.weight - a.weight);
}

const vector = fc
  .array(fc.integer({ min: -4, max: 4 }), { minLength: DIM, maxLength: DIM })
  .filter((components) => components.some((one) => one !== 0));

describe('candidates by medoids', () => {
  it('candidates by medoids are ranked as their definition says: Σ weight · cosine, times the prior', () => {
    fc.assert(
      fc.property(
        fc.array(vector, { minLength: ITEMS.length, maxLength: ITEMS.length }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: ITEMS.length, maxLength: ITEMS.length }),
        fc.subarray(ITEMS, { minLength: 1 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: ITEMS.length, maxLength: ITEMS.length }),
        fc.subarray(ITEMS, { maxLength: 3 }),
        fc.constantFrom(0, 0.5, 1),
        fc.integer({ min: 1, max: 8 }),
        (vectors, popularity, named, weights, seen, exponent, candidates) => {
          const byId = Object.fromEntries(ITEMS.map((itemId, i) => [itemId, vectors[i]!]));
          const popularityOf = (itemId: string) => popularity[ITEMS.indexOf(itemId)]! / 4;
          const items = embeddedItems(byId, popularityOf);
          const medoids = weighted(named, weights);
          const priors = priorsOf(items, exponent);
          const ranked = rankByMedoids({ items, priors, medoids, seen, candidates });
          const scoreOf = (itemId: string) => {
            const own = items.vectorOf(itemId)!;
            const prior = Math.max(0.001, popularityOf(itemId)) ** exponent;
            return (
              prior *
              medoids.reduce((sum, one) => sum + one.weight * dot(items.vectorOf(one.medoid.itemId)!, own), 0)
            );
          };
          const expected = ITEMS.filter((itemId) => !seen.includes(itemId) && scoreOf(itemId) > 1e-9)
            .sort((a, b) => scoreOf(b) - scoreOf(a))
            .slice(0, candidates);
          const own = ranked.filter(({ score }) => score > 1e-9);
          assert.equal(own.length, expected.length);
          for (const [place, { itemId, score, popularity: share }] of own.entries()) {
            assert.ok(Math.abs(score - scoreOf(itemId)) < 1e-9);
            // Equal scores differ in their last bits, so that only the scores by place are compared.
            assert.ok(Math.abs(score - scoreOf(expected[place]!)) < 1e-9);
            assert.equal(share, popularityOf(itemId));
            assert.ok(!seen.includes(itemId));
          }
        },
      ),
    );
  });

  const items = embeddedItems({ tea: [1, 0], mate: [1, 0.2], nail: [0, 1], screw: [0.1, 1], odd: [1, 1.2] });
  const rank = (medoids: WeightedMedoid[], seen: string[] = []) =>
    rankByMedoids({ items, priors: priorsOf(items, 1), medoids, seen, candidates: 9 });

  it('candidates by medoids name the medoid that contributes most, with its share in all interests', () => {
    const found = rank(weighted(['tea', 'nail'], [3, 1]), ['tea', 'nail']);
    const causes = Object.fromEntries(found.map(({ itemId, because }) => [itemId, because]));
    assert.deepEqual(causes.mate, { itemId: 'tea', type: 'buy', importance: 0.75, lastOccurredAt: 1_000 });
    assert.equal(causes.odd?.itemId, 'tea');
  });

  it('candidates by medoids name no cause that is not near them', () => {
    const popular = rankByMedoids({
      items,
      priors: priorsOf(items, 1),
      medoids: weighted(['tea'], [1]),
      seen: [],
      candidates: 9,
    });
    const screw = popular.find(({ itemId }) => itemId === 'screw');
    assert.ok(screw !== undefined && screw.score > 0);
    assert.equal(screw.because, null);
  });

  it('candidates by medoids leave out medoids without a vector, and are none where no medoid has one', () => {
    assert.deepEqual(rank(weighted(['unknown'], [1])), []);
    assert.deepEqual(rank([]), []);
    assert.equal(rank(weighted(['unknown', 'tea'], [9, 1]))[0]?.itemId, 'tea');
  });

  it('an item without actions keeps a chance', () => {
    const fresh = embeddedItems({ tea: [1, 0], fresh: [1, 0.1] }, () => 0);
    const [first] = rankByMedoids({
      items: fresh,
      priors: priorsOf(fresh, 0.5),
      medoids: weighted(['tea'], [1]),
      seen: ['tea'],
      candidates: 1,
    });
    assert.equal(first?.itemId, 'fresh');
    assert.ok(first.score > 0.9 * Math.sqrt(0.001));
  });
});
