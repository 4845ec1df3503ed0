import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TributaryError } from '#contracts/errors.ts';
import type { Medoid, UserInterests } from '#contracts/generated/records.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import { interests, medoid } from '../interests.testing.ts';
import { medoidNeighbours, rankCandidates, sampleMedoids } from './medoid-neighbours.ts';
import type { ListsForUsers, Resources } from './proposer.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** The definition, item by item: Σ share · cosine · max(popularity, 0.001)^exponent. */
function rankSlowly(
  user: UserInterests,
  sampled: readonly Medoid[],
  neighbours: ReadonlyArray<readonly Neighbour[]>,
  popularityOf: (itemId: string) => number,
  { candidates, popularityExponent }: { candidates: number; popularityExponent: number },
) {
  const total = user.medoids.reduce((sum, { importance }) => sum + importance, 0);
  return ITEMS.filter((itemId) => !user.recent.includes(itemId))
    .map((itemId) => {
      const parts = sampled.map(({ importance }, i) => {
        const score = neighbours[i]?.find((one) => one.itemId === itemId)?.score ?? 0;
        return Math.max(0, score) * (importance / total);
      });
      const strongest = parts.indexOf(Math.max(...parts));
      const similarity = parts.reduce((sum, part) => sum + part, 0);
      const prior = Math.max(0.001, popularityOf(itemId)) ** popularityExponent;
      return { itemId, similarity, score: similarity * prior, because: sampled[strongest]?.itemId };
    })
    .filter(({ similarity }) => similarity > 0)
    .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
    .slice(0, candidates)
    .map(({ itemId, score, because }) => ({ itemId, score, because }));
}

const neighbourList = fc
  .uniqueArray(fc.record({ itemId: fc.constantFrom(...ITEMS), score: fc.integer({ min: -4, max: 8 }) }), {
    selector: ({ itemId }) => itemId,
  })
  .map((list) => list.map(({ itemId, score }) => ({ itemId, score: score / 8 })));

describe('candidates', () => {
  it('candidates are ranked as their definition says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), neighbourList), { minLength: 1, maxLength: 4 }),
        fc.subarray(ITEMS, { maxLength: 3 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: ITEMS.length, maxLength: ITEMS.length }),
        fc.constantFrom(0, 0.5, 1),
        fc.integer({ min: 1, max: 8 }),
        (medoids, recent, popularity, popularityExponent, candidates) => {
          const sampled = medoids.map(([importance], i) => medoid(`m${i}`, importance));
          const user = interests({ medoids: [...sampled, medoid('not sampled', 2)], recent });
          const neighbours = medoids.map(([, list]) => list);
          const popularityOf = (itemId: string) => (popularity[ITEMS.indexOf(itemId)] ?? 0) / 4;
          const config = { candidates, popularityExponent };
          const ranked = rankCandidates(user, sampled, neighbours, popularityOf, config);
          assert.deepEqual(
            ranked.map(({ itemId, score, because }) => ({ itemId, score, because: because?.itemId })),
            rankSlowly(user, sampled, neighbours, popularityOf, config),
          );
        },
      ),
    );
  });

  it('candidates name the medoid that led to them, with its share in all the interests', () => {
    const user = interests({ medoids: [medoid('tea', 3), medoid('nail', 1)] });
    const [candidate] = rankCandidates(
      user,
      [user.medoids[1]!],
      [[{ itemId: 'screw', score: 0.5 }]],
      () => 1,
      {
        candidates: 1,
        popularityExponent: 1,
      },
    );
    assert.deepEqual(candidate, {
      itemId: 'screw',
      score: 0.125,
      popularity: 1,
      because: { itemId: 'nail', type: 'buy', importance: 0.25, lastOccurredAt: 1_000 },
    });
  });

  it('candidates without actions keep a chance', () => {
    const [candidate] = rankCandidates(
      interests(),
      [medoid('tea')],
      [[{ itemId: 'new', score: 1 }]],
      () => 0,
      {
        candidates: 1,
        popularityExponent: 0.5,
      },
    );
    assert.equal(candidate?.score, Math.sqrt(0.001));
  });
});

describe('the sample of medoids', () => {
  const many = interests({ medoids: ['a', 'b', 'c', 'd', 'e'].map((id, i) => medoid(id, i + 1)) });

  it('the sample of medoids is the same whenever the same interests are read', () => {
    assert.deepEqual(sampleMedoids(many, 3), sampleMedoids(structuredClone(many), 3));
  });

  it('the sample of medoids holds distinct medoids, all of them when there are few', () => {
    for (let version = 0; version < 50; version++) {
      const sampled = sampleMedoids({ ...many, version }, 3).map(({ itemId }) => itemId);
      assert.equal(new Set(sampled).size, 3);
    }
    assert.equal(sampleMedoids(many, 9).length, 5);
    assert.deepEqual(sampleMedoids(interests({ medoids: [] }), 3), []);
  });

  it('the sample of medoids begins with a medoid as often as it is important', () => {
    const draws = 3_000;
    let first = 0;
    for (let version = 0; version < draws; version++) {
      if (sampleMedoids({ ...many, version }, 3)[0]?.itemId === 'e') first += 1;
    }
    // 5 of 15; five standard deviations are 0.043. The draws are seeded, so that this never changes.
    assert.ok(Math.abs(first / draws - 1 / 3) < 0.043, String(first / draws));
  });
});

describe('a generation that the index does not hold', () => {
  const { signal } = new AbortController();
  const popularity: Resources['popularity'] = { top: () => [], share: () => 0 };
  const settings = { medoidsSampled: 3, neighboursPerMedoid: 5, popularityExponent: 1 };

  /** A model whose index throws the next of these errors, or answers. */
  function modelOf(errors: TributaryError[]): ListsForUsers {
    const search: Resources['index']['search'] = async ({ generation = '', queries }) => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return { generation, results: queries.map(() => ({ neighbours: [{ itemId: 'mate', score: 1 }] })) };
    };
    const index = { search } as Resources['index'];
    return medoidNeighbours.create({ index, popularity }, { settings, candidates: 9 }) as ListsForUsers;
  }
  const user = interests({ medoids: [medoid('tea')], generation: 'g2' });
  const pending = () => new TributaryError('generation.pending', 'g2 is not held yet', { retryable: true });

  it('users wait for a generation that a replica does not hold yet, and then get their list', async () => {
    const model = modelOf([pending()]);
    await assert.rejects(model.propose([user], signal), { code: 'generation.pending', retryable: true });
    const lists = await model.propose([user], signal);
    assert.deepEqual(
      lists.get(user.userId)?.items.map(({ itemId }) => itemId),
      ['mate'],
    );
  });

  it('users of a generation that is no longer held are left to their next interests', async () => {
    const model = modelOf([new TributaryError('generation.unknown', 'g2 is not held')]);
    assert.equal((await model.propose([user], signal)).size, 0);
  });

  const limits = [
    { limit: 100, name: 'a generation that the log declares', refuse: pending },
    {
      limit: 5,
      name: 'a generation of which the log does not know',
      refuse: () => new TributaryError('generation.undeclared', 'no g2', { retryable: true }),
    },
  ];
  for (const { limit, name, refuse } of limits) {
    it(`${name} and that never comes holds up its users for ${limit} attempts, and nobody later`, async () => {
      const errors = Array.from({ length: limit + 1 }, refuse);
      const model = modelOf(errors);
      for (let attempt = 1; attempt < limit; attempt++)
        await assert.rejects(model.propose([user], signal), { retryable: true });
      await assert.rejects(model.propose([user], signal), { code: 'generation.unknown', retryable: false });
      assert.equal((await model.propose([user], signal)).size, 0, 'the name was given up');
      assert.equal(errors.length, 0);
      assert.equal((await model.propose([user], signal)).size, 1, 'it came after all');
    });
  }
});
