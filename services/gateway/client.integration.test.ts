import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Static } from 'typebox';
import { createClient } from '#contracts/client/node.ts';
import type { RecommendedSlate, SimilarItems } from '#contracts/client/types.ts';
import { aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import type { StageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { readTopic } from '#topics/reader.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import type { RecommendationsAnswer, SimilarItemsAnswer } from './answers.ts';
import { type GatewayBesidePeers, openGatewayBesidePeers } from './beside-peers.testing.ts';

const SHOP = 'https://shop.example';
const GOOD = { userId: 'u1', itemId: 'milk', type: 'buy' };
const PEER_ANSWERS: Readonly<Record<string, object>> = {
  '/slates?features=false': aSlate({ userId: 'u1', slots: [aSlot({ itemId: 'oats' })] }),
  '/items': { items: { oats: { title: 'Oats' } } },
  '/items/milk/similar?n=4': { itemId: 'milk', title: 'Milk', generation: 'g1', items: [] },
};

/** The types that apps see are those of the answers: the compiler checks both directions of these. */
const toApp = (slate: Static<typeof RecommendationsAnswer>, similar: Static<typeof SimilarItemsAnswer>) =>
  [slate, similar] as const satisfies readonly [RecommendedSlate, SimilarItems];

describe('the client of apps against the gateway stage', () => {
  let beside: GatewayBesidePeers;
  let test: TestNamespace;
  let stage: StageProcess;

  before(async () => {
    beside = await openGatewayBesidePeers((url) => [200, PEER_ANSWERS[url]!], {
      TRIBUTARY_GATEWAY_CORS_ORIGINS: SHOP,
    });
    ({ test, stage } = beside);
  });

  after(() => beside.close());

  async function logged(): Promise<Map<string, UserAction>> {
    const actions = new Map<string, UserAction>();
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf('actions'),
      from: { at: 'beginning' },
      async onMessage({ value }) {
        const action = (await test.codec.decode('UserAction', value!)) as UserAction;
        actions.set(action.eventId, action);
      },
    });
    return actions;
  }

  it('tracked events are in the log under the ids and places of their verdicts; invalid ones have the reason', async () => {
    const client = createClient({ url: `${stage.url}/`, userId: 'u1' });
    const before = Date.now();
    const tracked = Array.from({ length: 2_500 }, (_, n) =>
      client.track({ itemId: `i${n % 50}`, type: 'view' }),
    );
    const invalid = client.track({ itemId: '', type: 'view', eventId: 'bad' });
    const verdicts = await Promise.all(tracked);
    assert.ok(verdicts.every(({ status }) => status === 'accepted'));
    const refused = await invalid;
    assert.ok(refused.status === 'rejected');
    assert.deepEqual([refused.id, refused.error.field], ['bad', 'itemId']);
    await client.close();
    const actions = await waitFor(
      async () => {
        const found = await logged().catch(() => new Map<string, UserAction>());
        return found.size >= 2_500 ? found : undefined;
      },
      { message: 'the events are in the log' },
    );
    for (const { id } of verdicts) {
      const { occurredAt } = actions.get(id)!;
      assert.ok(occurredAt >= before && occurredAt <= Date.now());
    }
  });

  it('items, slates and similar items pass through the client', async () => {
    const client = createClient({ url: stage.url, userId: 'u1' });
    const verdicts = await client.identifyItems([
      { itemId: 'oats', title: 'Oats', categories: ['food'] },
      { itemId: 'void', title: 'No vector', vector: [] },
    ]);
    assert.deepEqual(
      verdicts.map(({ id, status }) => `${id} ${status}`),
      ['oats accepted', 'void rejected'],
    );
    const slate = await client.recommend({ n: 1 });
    assert.deepEqual(
      slate.items.map(({ title, slot }) => [title, slot]),
      [['Oats', 0]],
    );
    assert.equal((await client.similar('milk', { n: 3 })).generation, 'g1');
    assert.equal(toApp.length, 2);
    await client.close();
  });

  it('a page that is closed may send actions as text/plain from a listed origin; other pages and routes may not', async () => {
    const post = (headers: Record<string, string>, path = '/v1/actions', method = 'POST') =>
      fetch(`${stage.url}${path}`, { method, headers, body: JSON.stringify([GOOD]) });
    const text = { 'content-type': 'text/plain;charset=UTF-8' };
    const accepted = await post({ ...text, origin: SHOP });
    assert.equal(accepted.status, 202);
    assert.equal(accepted.headers.get('access-control-allow-origin'), SHOP);
    assert.equal((await post(text)).status, 202);
    for (const origin of ['https://evil.example', 'null']) {
      const refused = await post({ ...text, origin });
      const { error } = (await refused.json()) as { error: { code: string; remedy: string } };
      assert.deepEqual([refused.status, error.code], [403, 'origin.refused']);
      assert.match(error.remedy, /TRIBUTARY_GATEWAY_CORS_ORIGINS/);
    }
    assert.equal((await post(text, '/v1/items', 'PUT')).status, 415);
    const latin = await post({ 'content-type': 'text/plain;charset=latin1' });
    assert.equal(latin.status, 415);
  });

  it('a preflight of a listed origin is answered for every route of the API', async () => {
    for (const [path, method] of [
      ['/v1/actions', 'POST'],
      ['/v1/items', 'PUT'],
      ['/v1/recommendations?userId=u', 'GET'],
    ] as const) {
      const answer = await fetch(`${stage.url}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin: SHOP,
          'access-control-request-method': method,
          'access-control-request-headers': 'content-type, x-tributary-console',
        },
      });
      assert.equal(answer.status, 204, path);
      assert.equal(answer.headers.get('access-control-allow-origin'), SHOP);
      assert.match(answer.headers.get('access-control-allow-methods') ?? '', new RegExp(method));
      const headers = answer.headers.get('access-control-allow-headers') ?? '';
      assert.match(headers, /content-type/);
      assert.doesNotMatch(headers, /console/, 'no page of an app decides in the console');
    }
  });
});
