import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Availability } from '#contracts/generated/records.ts';
import type { ListForEveryone, Resources } from './proposer.ts';
import { trending } from './trending.ts';

type Popularity = Resources['popularity'];

function indexOf(availabilities: Record<string, Availability>): Resources['index'] {
  const notAsked = () => assert.fail('trending needs no vectors');
  return {
    search: notAsked,
    vectors: notAsked,
    items: async () =>
      Object.fromEntries(
        Object.entries(availabilities).map(([itemId, availability]) => [
          itemId,
          { title: itemId, availability },
        ]),
      ),
  };
}

/** The most popular items, each half as popular as the one before. */
function popularityOf(...itemIds: string[]): Popularity {
  const items = itemIds.map((itemId, place) => ({ itemId, share: 2 ** -place }));
  return { top: (n) => items.slice(0, n), share: () => 0 };
}

function create(popularity: Popularity, index = indexOf({}), candidates = 10): ListForEveryone {
  return trending.create(
    { popularity, index },
    { settings: { intervalMs: 300 }, candidates },
  ) as ListForEveryone;
}

describe('trending', () => {
  const { signal } = new AbortController();

  it('trending proposes the popular items that may be recommended, the unlisted ones too', async () => {
    const index = indexOf({ tea: 'available', gone: 'unavailable' });
    const list = await create(popularityOf('tea', 'gone', 'unlisted'), index).propose(signal);
    assert.deepEqual(list, {
      items: [
        { itemId: 'tea', score: 1, popularity: 1 },
        { itemId: 'unlisted', score: 0.25, popularity: 0.25 },
      ],
    });
  });

  it('trending proposes at most as many items as a list may hold, at its interval', async () => {
    const model = create(popularityOf('tea', 'nail', 'screw'), indexOf({}), 2);
    assert.deepEqual(
      (await model.propose(signal))?.items.map(({ itemId }) => itemId),
      ['tea', 'nail'],
    );
    assert.equal(model.everyMs, 300);
  });

  it('trending proposes nothing before anybody did anything', async () => {
    assert.equal(await create(popularityOf()).propose(signal), undefined);
  });
});
