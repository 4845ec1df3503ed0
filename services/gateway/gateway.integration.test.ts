import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { aCause, aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import type { StageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import type { TopicName } from '#topics/catalog.ts';
import { readTopic, type TopicMessage } from '#topics/reader.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { type GatewayBesidePeers, openGatewayBesidePeers, type PeerAnswer } from './beside-peers.testing.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const GOOD = { userId: 'u1', itemId: 'milk', type: 'buy' };
const WITH_CAUSE = 'because you {deed} {cause}';

/** Fakes the other stages by their HTTP contracts in one server; an unknown path is an item without a vector. */
const PEER_ANSWERS: Readonly<Record<string, PeerAnswer>> = {
  '/slates?features=false': [
    200,
    aSlate({
      slots: [
        aSlot({
          itemId: 'oats',
          models: ['medoid-neighbours'],
          because: aCause({ itemId: 'milk' }),
          explanation: WITH_CAUSE,
        }),
        aSlot({ itemId: 'soap', explanation: 'popular right now' }),
      ],
    }),
  ],
  '/items': [200, { items: { milk: { title: 'Whole Milk' }, oats: { title: 'Oats' } } }],
  '/items/milk/similar?n=4': [
    200,
    {
      itemId: 'milk',
      title: 'Whole Milk',
      generation: 'g1',
      items: [{ itemId: 'oats', title: 'Oats', score: 0.9 }],
    },
  ],
  '/users/nobody': [404, { error: { code: 'user.unknown', reason: 'no action in the window' } }],
};
const NO_VECTOR = [404, { error: { code: 'item.unknown', field: 'itemId', reason: 'no vector' } }] as const;

describe('the gateway stage', () => {
  let beside: GatewayBesidePeers;
  let test: TestNamespace;
  let stage: StageProcess;

  before(async () => {
    beside = await openGatewayBesidePeers((url) => PEER_ANSWERS[url] ?? NO_VECTOR);
    ({ test, stage } = beside);
  });

  after(() => beside.close());

  async function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${stage.url}${path}`, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body ?? null,
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  }

  interface Answer {
    readonly accepted?: number;
    readonly results?: readonly { readonly partition: number; readonly offset: number }[];
    readonly error?: { readonly code: string; readonly field?: string; readonly reason: string };
  }

  /** Reads the whole topic; on a cluster that has just started the first read may fail with a retryable error. */
  function read(topic: TopicName): Promise<TopicMessage[]> {
    const attempt = () =>
      readOnce(topic).catch((error: unknown) => {
        if (error instanceof TributaryError && error.retryable) return undefined;
        throw error;
      });
    return waitFor(attempt, { message: `${topic} can be read` });
  }

  async function readOnce(topic: TopicName): Promise<TopicMessage[]> {
    const messages: TopicMessage[] = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: (message) => messages.push(message),
    });
    return messages;
  }

  it('an accepted action is in the log at the offset of its verdict, with its time and trace', async () => {
    const occurredAt = Date.now() - 60_000;
    const event = JSON.stringify({ ...GOOD, eventId: 'e1', occurredAt, contextId: 'basket', value: 2 });
    const answer = await call('POST', '/v1/actions', event, { traceparent: TRACE });
    assert.equal(answer.status, 202);
    const place = answer.body.results![0]!;
    const message = (await read('actions')).find(
      ({ partition, offset }) => partition === place.partition && offset === place.offset,
    );
    assert.ok(message?.value);
    const action = (await test.codec.decode('UserAction', message.value)) as UserAction;
    const { receivedAt, ...rest } = action;
    assert.ok(receivedAt > occurredAt);
    const unsaid = { slateId: null, slot: null };
    assert.deepEqual(rest, { ...GOOD, ...unsaid, eventId: 'e1', occurredAt, contextId: 'basket', value: 2 });
    assert.equal(message.key?.toString(), 'u1');
    assert.equal(message.timestamp, occurredAt);
    const trace = message.headers.traceparent?.toString();
    assert.equal(trace?.slice(0, 35), TRACE.slice(0, 35), 'the same trace, the next span');
    assert.equal(answer.headers.get('traceparent'), trace);
  });

  it('the valid entries of a batch are accepted beside invalid ones', async () => {
    const before = (await read('actions')).length;
    const batch = [GOOD, { ...GOOD, type: 'devour' }, { ...GOOD, userId: 'u2' }];
    const answer = await call('POST', '/v1/actions', JSON.stringify(batch));
    assert.equal(answer.status, 207);
    assert.equal(answer.body.accepted, 2);
    assert.equal((await read('actions')).length, before + 2);
  });

  it('a batch of a thousand is accepted and answered in its order', async () => {
    const batch = Array.from({ length: 1_000 }, (_, n) => ({
      ...GOOD,
      userId: `user${n % 50}`,
      eventId: `b${n}`,
    }));
    const { status, body } = await call('POST', '/v1/actions', JSON.stringify(batch));
    assert.equal(status, 202);
    const events = new Map<string, string>();
    for (const { partition, offset, value } of await read('actions')) {
      const { eventId } = await test.codec.decode('UserAction', value!);
      events.set(`${partition}/${offset}`, eventId);
    }
    const named = body.results!.map(({ partition, offset }) => events.get(`${partition}/${offset}`));
    assert.deepEqual(
      named,
      batch.map(({ eventId }) => eventId),
    );
  });

  it('items are accepted one by one and in batches', async () => {
    const put = await call(
      'PUT',
      `/v1/items/${encodeURIComponent('a/b ü')}`,
      '{"title":"Tea","vector":[0.5]}',
    );
    assert.equal(put.status, 202);
    const many = [{ itemId: 'milk', title: 'Whole Milk' }, { itemId: 'oats' }];
    assert.equal((await call('PUT', '/v1/items', JSON.stringify(many))).status, 207);
    const keys = (await read('items')).map(({ key }) => key?.toString());
    assert.deepEqual(keys.sort(), ['a/b ü', 'milk']);
  });

  const json = { 'content-type': 'application/json' };
  const REJECTED: ReadonlyArray<
    [string, string, string, string, Record<string, string>, number, string, string?]
  > = [
    ['malformed JSON', 'POST', '/v1/actions', '{"userId":', json, 400, 'body.malformed'],
    ['an empty body', 'POST', '/v1/actions', '', json, 400, 'body.malformed'],
    ['a body that is not an object', 'POST', '/v1/actions', '"buy"', json, 400, 'body.malformed'],
    [
      'a different content type',
      'POST',
      '/v1/actions',
      'buy',
      { 'content-type': 'text/csv' },
      415,
      'body.malformed',
    ],
    ['text for items', 'PUT', '/v1/items', '[]', { 'content-type': 'text/plain' }, 415, 'body.malformed'],
    [
      'text that is not JSON',
      'POST',
      '/v1/actions',
      'buy',
      { 'content-type': 'text/plain' },
      400,
      'body.malformed',
    ],
    ['an empty batch', 'POST', '/v1/actions', '[]', json, 400, 'batch.empty'],
    [
      'too many entries',
      'POST',
      '/v1/actions',
      `[${Array(1_001).fill('{}').join()}]`,
      json,
      413,
      'batch.too-large',
    ],
    ['a body over 1 MiB', 'POST', '/v1/actions', `"${'x'.repeat(1_048_576)}"`, json, 413, 'body.too-large'],
    [
      'an unknown type',
      'POST',
      '/v1/actions',
      '{"userId":"u","itemId":"i","type":"x"}',
      json,
      400,
      'field.invalid',
      'type',
    ],
    [
      'a missing id',
      'POST',
      '/v1/actions',
      '{"itemId":"i","type":"buy"}',
      json,
      400,
      'field.missing',
      'userId',
    ],
    [
      'an infinite number',
      'PUT',
      '/v1/items/i',
      '{"title":"I","vector":[1e999]}',
      json,
      400,
      'field.invalid',
      'vector[0]',
    ],
    [
      'too long an id',
      'PUT',
      `/v1/items/${'i'.repeat(257)}`,
      '{"title":"I"}',
      json,
      400,
      'field.invalid',
      'itemId',
    ],
    ['an unknown route', 'POST', '/v1/acts', '{}', json, 404, 'route.unknown'],
  ];
  for (const [what, method, path, body, headers, status, code, field] of REJECTED) {
    it(`${what} is rejected with ${status} ${code}`, async () => {
      const answer = await call(method, path, body, headers);
      assert.equal(answer.status, status);
      assert.equal(answer.body.error?.code, code);
      assert.equal(answer.body.error?.field, field);
      assert.ok(answer.body.error?.reason);
    });
  }

  it('recommendations carry titles and reasons', async () => {
    const { status, body } = await call('GET', '/v1/recommendations?userId=u1&n=2');
    assert.equal(status, 200);
    const { items } = body as { items: { title: string; reason: string }[] };
    assert.deepEqual(
      items.map(({ title, reason }) => [title, reason]),
      [
        ['Oats', 'because you bought “Whole Milk”'],
        ['soap', 'popular right now'],
      ],
    );
  });

  it('answers and errors of other stages are passed on', async () => {
    const similar = await call('GET', '/v1/items/milk/similar?n=3');
    assert.deepEqual(similar.body, { ...PEER_ANSWERS['/items/milk/similar?n=4']![1], next: null });
    const unknown = await call('GET', '/v1/items/tea/similar');
    assert.deepEqual([unknown.status, unknown.body.error?.code], [404, 'item.unknown']);
    const nobody = await call('GET', '/v1/users/nobody/interests');
    assert.deepEqual([nobody.status, nobody.body.error?.code], [404, 'user.unknown']);
  });

  for (const [query, code, field] of [
    ['n=3', 'field.missing', 'userId'],
    ['userId=u1&n=0', 'field.invalid', 'n'],
    ['userId=u1&n=51', 'field.invalid', 'n'],
    ['userId=u1&n=some', 'field.invalid', 'n'],
    [`userId=${'u'.repeat(257)}`, 'field.invalid', 'userId'],
  ]) {
    it(`a request for recommendations with ${query!.slice(0, 20)} is rejected`, async () => {
      const { status, body } = await call('GET', `/v1/recommendations?${query}`);
      assert.deepEqual([status, body.error?.code, body.error?.field], [400, code, field]);
    });
  }

  it('/openapi.json describes all routes', async () => {
    const { body } = await call('GET', '/openapi.json');
    const { openapi, paths } = body as { openapi: string; paths: Record<string, unknown> };
    assert.equal(openapi, '3.1.0');
    assert.deepEqual(Object.keys(paths).sort(), [
      '/v1/actions',
      '/v1/interests',
      '/v1/items',
      '/v1/items/{id}',
      '/v1/items/{id}/similar',
      '/v1/recommendations',
      '/v1/similar',
      '/v1/users/{id}/interests',
    ]);
  });

  it('requests in flight are answered before the gateway stops', async () => {
    const events = Array.from({ length: 500 }, (_, n) => ({ ...GOOD, userId: `drain${n}` }));
    const headers = { 'content-type': 'application/json', expect: '100-continue' };
    const posting = request(`${stage.url}/v1/actions`, { method: 'POST', headers });
    posting.flushHeaders();
    await once(posting, 'continue');
    const stopped = stage.stop();
    posting.end(JSON.stringify(events));
    const [response] = (await once(posting, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 202);
    assert.equal(response.headers.connection, 'close');
    response.resume();
    assert.equal(await stopped, 0);
  });
});
