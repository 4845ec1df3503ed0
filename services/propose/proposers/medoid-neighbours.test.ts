import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TributaryError } from '#contracts/errors.ts';
import { embeddedItems } from '../embeddings/embedded-items.testing.ts';
import { interests, medoid } from '../interests.testing.ts';
import { medoidNeighbours, weightMedoids } from './medoid-neighbours.ts';
import type { ListsForUsers, Resources } from './proposer.ts';

const idsOf = (medoids: ReturnType<typeof weightMedoids>) => medoids.map((one) => one.medoid.itemId);

describe('the medoids of a list', () => {
  const many = interests({ medoids: ['a', 'b', 'c', 'd', 'e'].map((id, i) => medoid(id, i + 1)) });

  it('the medoids of a list are all of them, weighted by importance, where there are not more than are sampled', () => {
    assert.deepEqual(
      weightMedoids(many, 5).map(({ medoid: { itemId }, weight }) => [itemId, weight]),
      [
        ['e', 5 / 15],
        ['d', 4 / 15],
        ['c', 3 / 15],
        ['b', 2 / 15],
        ['a', 1 / 15],
      ],
    );
    assert.deepEqual(weightMedoids(interests({ medoids: [] }), 3), []);
    assert.deepEqual(idsOf(weightMedoids(interests({ medoids: [medoid('a', 1), medoid('b', 0)] }), 3)), [
      'a',
    ]);
  });

  it('sampled medoids weigh the same, because importance has drawn them, and keep their shares', () => {
    const sampled = weightMedoids(many, 3);
    assert.deepEqual(
      sampled.map(({ weight }) => weight),
      [1 / 3, 1 / 3, 1 / 3],
    );
    for (const { medoid: one, share } of sampled) assert.equal(share, one.importance / 15);
  });

  it('the sample of medoids is the same whenever the same interests are read', () => {
    assert.deepEqual(weightMedoids(many, 3), weightMedoids(structuredClone(many), 3));
  });

  it('the sample of medoids holds distinct medoids, all of them when there are few', () => {
    for (let version = 0; version < 50; version++)
      assert.equal(new Set(idsOf(weightMedoids({ ...many, version }, 3))).size, 3);
    assert.equal(weightMedoids(many, 9).length, 5);
  });

  it('the sample of medoids begins with a medoid as often as it is important', () => {
    const draws = 3_000;
    let first = 0;
    for (let version = 0; version < draws; version++) {
      if (idsOf(weightMedoids({ ...many, version }, 3))[0] === 'e') first += 1;
    }
    // 5 of 15; five standard deviations are 0.043. The draws are seeded, so that this never changes.
    assert.ok(Math.abs(first / draws - 1 / 3) < 0.043, String(first / draws));
  });
});

describe('a generation that is not here', () => {
  const { signal } = new AbortController();
  const settings = { medoidsSampled: 3, popularityExponent: 1 };
  const items = embeddedItems({ tea: [1, 0], mate: [1, 0.1] });

  /** A model to which the next of these errors is thrown, or an answer given. */
  function modelOf(errors: Array<TributaryError | undefined>): ListsForUsers {
    const find: Resources['embeddings']['find'] = () => {
      const isGone = errors.length > 0 && errors[0] === undefined;
      const error = errors.shift();
      if (error !== undefined) throw error;
      return isGone ? undefined : items;
    };
    return medoidNeighbours.create({ embeddings: { find } }, { settings, candidates: 9 }) as ListsForUsers;
  }
  const user = interests({ medoids: [medoid('tea')], recent: ['tea'], generation: 'g2' });
  const pending = () => new TributaryError('generation.pending', 'g2 is not here yet', { retryable: true });

  it('users wait for a generation whose vectors are not all here yet, and then get their list', async () => {
    const model = modelOf([pending()]);
    await assert.rejects(model.propose([user], signal), { code: 'generation.pending', retryable: true });
    const lists = await model.propose([user], signal);
    assert.deepEqual(
      lists.get(user.userId)?.items.map(({ itemId }) => itemId),
      ['mate'],
    );
  });

  it('users of a generation that is no longer held are left to their next interests', async () => {
    assert.equal((await modelOf([undefined]).propose([user], signal)).size, 0);
    const gone = new TributaryError('generation.unknown', 'g2 is not held');
    assert.equal((await modelOf([gone]).propose([user], signal)).size, 0);
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
