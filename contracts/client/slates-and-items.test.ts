import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClientOn } from './client.ts';
import { createFakePlatform, type FakePlatform } from './platform.testing.ts';
import type { TrackedAction } from './types.ts';

const VIEW: TrackedAction = { itemId: 'i', type: 'view' };

function clientOn(platform: FakePlatform) {
  return createClientOn(platform, { url: 'http://gateway', userId: 'u' });
}

describe('the catalogue and the recommendations of the client', () => {
  it('items are put in batches, each with a verdict', async () => {
    const platform = createFakePlatform();
    const { client } = clientOn(platform);
    const items = Array.from({ length: 7 }, (_, n) => ({ itemId: `${n}`, title: `Item ${n}` }));
    const verdicts = client.identifyItems(items);
    await platform.advance(0);
    assert.deepEqual(
      (await verdicts).map(({ id, status }) => `${id} ${status}`),
      items.map(({ itemId }) => `${itemId} accepted`),
    );
    assert.deepEqual(
      platform.posts.map(({ method, path, entries }) => [method, path, entries.length]),
      [
        ['PUT', '/v1/items', 3],
        ['PUT', '/v1/items', 3],
        ['PUT', '/v1/items', 1],
      ],
    );
  });

  it('an action on a recommended item carries the newest slate that showed it to the user, and its slot', async () => {
    const kept = new Map<string, string>();
    let slates = 0;
    const answer = ({ path }: { path: string }) => {
      if (!path.startsWith('/v1/recommendations')) return undefined;
      const items = [
        { itemId: 'tea', slot: 0 },
        { itemId: `only-${slates}`, slot: 1 },
      ];
      return { status: 200, body: { slateId: `s${slates++}`, userId: 'u', items } };
    };
    const memory = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    const platform = { ...createFakePlatform(answer, { batchSize: 100 }), memory };
    const { client } = clientOn(platform);
    await client.recommend();
    const slate = await client.recommend();
    void client.track({ ...VIEW, itemId: 'tea' });
    void client.track({ ...VIEW, itemId: 'only-0' });
    void client.track({ ...VIEW, itemId: 'other' });
    void client.track({ ...VIEW, itemId: 'tea', userId: 'v' });
    void client.track({ ...VIEW, itemId: 'tea', slateId: 'mine' });
    void client.trackImpression(slate, [1]);
    // The next page of the shop knows the slates too.
    void clientOn(platform).client.track({ ...VIEW, itemId: 'tea', type: 'buy' });
    await platform.advance(5_000);
    const sent = platform.requests
      .flatMap(({ entries }) => entries)
      .map(({ type, itemId, slateId = '-', slot = '-' }) => `${type} ${itemId} ${slateId} ${slot}`);
    assert.deepEqual(sent.toSorted(), [
      'buy tea s1 0',
      'impression only-1 s1 1',
      'view only-0 s0 1',
      'view other - -',
      'view tea - -',
      'view tea mine -',
      'view tea s1 0',
    ]);
  });

  it('a slate is requested with its filters, each encoded', async () => {
    const platform = createFakePlatform(() => ({
      status: 200,
      body: { userId: 'a&b', slateId: 's', items: [] },
    }));
    const { client } = clientOn(platform);
    await client.recommend({
      userId: 'a&b',
      n: 3,
      surface: 'home',
      category: ['Tea', 'Herbs & co'],
      exclude: ['1/2'],
    });
    await client.recommend();
    assert.deepEqual(
      platform.requests.map(({ path }) => path),
      [
        '/v1/recommendations?userId=a%26b&n=3&surface=home&category=Tea&category=Herbs%20%26%20co&exclude=1%2F2',
        '/v1/recommendations?userId=u&n=10',
      ],
    );
  });

  it('similar items are read by an id in the query, where slashes and dots stay, and an error carries its code and whether it may pass', async () => {
    const platform = createFakePlatform(({ path }) =>
      path === '/v1/similar?itemId=a%2Fb&n=3'
        ? { status: 200, body: { itemId: 'a/b', items: [] } }
        : { status: 404, body: { error: { code: 'item.unknown', field: 'itemId', reason: 'no vector' } } },
    );
    const { client } = clientOn(platform);
    assert.equal((await client.similar('a/b', { n: 3 })).itemId, 'a/b');
    await assert.rejects(client.similar('x'), {
      name: 'ClientError',
      code: 'item.unknown',
      status: 404,
      retryable: false,
    });
  });
});
