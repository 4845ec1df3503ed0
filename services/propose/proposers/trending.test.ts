import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Availability } from '#contracts/generated/records.ts';
import type { ListForEveryone, Resources } from './proposer.ts';
import { trending } from './trending.ts';

type Popularity = Resources['popularity'];

/** @param availabilities of the listed items; without any, no catalogue is kept */
function indexOf(availabilities: Record<string, Availability>): Resources['index'] {
  const isKept = Object.keys(availabilities).length > 0;
  const notAsked = () => assert.fail('trending needs no vectors');
  return {
    search: notAsked,
    vectors: notAsked,
    items: notAsked,
    withheld: async (itemIds) =>
      new Set(
        itemIds.filter((itemId) => (availabilities[itemId] ?? (isKept ? '' : 'available')) !== 'available'),
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

  it('trending proposes the popular items that may be recommended, and no unlisted ones where a catalogue is kept', async () => {
    const index = indexOf({ tea: 'available', gone: 'unavailable' });
    const list = await create(popularityOf('tea', 'gone', 'unlisted'), index).propose(signal);
    assert.deepEqual(list, {
      items: [{ itemId: 'tea', score: 1, popularity: 1 }],
    });
  });

  it('a list is filled from further down where popular items may not be recommended', async () => {
    const unlisted = Array.from({ length: 50 }, (_, n) => `unlisted ${n}`);
    const index = indexOf({ tea: 'available', nail: 'available', screw: 'available' });
    const list = await create(popularityOf(...unlisted, 'tea', 'nail', 'screw'), index, 2).propose(signal);
    assert.deepEqual(
      list?.items.map(({ itemId }) => itemId),
      ['tea', 'nail'],
    );
  });

  it('trending proposes unlisted items where no catalogue is kept', async () => {
    const list = await create(popularityOf('tea', 'unlisted')).propose(signal);
    assert.deepEqual(
      list?.items.map(({ itemId }) => itemId),
      ['tea', 'unlisted'],
    );
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
