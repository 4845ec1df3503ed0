import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { TributaryError } from '#contracts/errors.ts';
import { createHttpServer } from '#platform/http/server.ts';
import { createLifecycle } from '#platform/lifecycle.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import type { StagePorts } from '#platform/stage.ts';
import { addConsole, type ConsoleOptions } from './console-routes.ts';

const log = pino({ level: 'silent' });
const decided: Array<readonly [string, string]> = [];

/** A gateway with a console and without a log. */
async function open({ isLocal = true, mayDecide = false } = {}): Promise<FastifyInstance> {
  const lifecycle = createLifecycle({ log, deadlineMs: 1_000, exit: () => undefined });
  const http = createHttpServer({ log, lifecycle, metrics: createMetrics('gateway'), readiness: [] });
  const stage = {
    http,
    log,
    lifecycle,
    config: { namespace: '' },
    kafka: {},
    codec: {},
  } as unknown as StagePorts;
  const options = {
    isLocal,
    mayDecide,
    countDecision: (decision: string, outcome: string) => decided.push([decision, outcome]),
    rerank: {
      get: async (path: string) =>
        path.startsWith('/inspect/policies')
          ? { reason: path.endsWith('neural') ? 'there is no policy neural' : null }
          : { asked: path },
    },
    propose: { get: async (path: string) => ({ asked: path }) },
    index: {
      async vectors(generation: string, itemIds: string[]) {
        if (generation === 'g1') return Object.fromEntries(itemIds.map((itemId) => [itemId, 'AAAA']));
        const code = generation === 'g2' ? 'generation.pending' : 'generation.undeclared';
        throw new TributaryError(code, `${generation} is not held yet`, { status: 503, retryable: true });
      },
      items: async (itemIds: string[]) =>
        Object.fromEntries(
          itemIds.map((itemId) => [itemId, { title: `title of ${itemId}`, category: 'Tea' }]),
        ),
    },
  } as unknown as ConsoleOptions;
  await addConsole(stage, options);
  await http.ready();
  return http;
}

describe('the routes of the console', () => {
  let http: FastifyInstance;
  before(async () => {
    http = await open();
  });
  after(() => http.close());

  it('serve the page, its modules and its library, which load nothing from elsewhere', async () => {
    for (const [url, type] of [
      ['/', /^text\/html/],
      ['/console/files/main.js', /javascript/],
      ['/console/files/style.css', /^text\/css/],
      ['/console/uplot/uPlot.esm.js', /javascript/],
    ] as const) {
      const { statusCode, headers } = await http.inject({ url, headers: { host: 'localhost:7000' } });
      assert.equal(statusCode, 200, url);
      assert.match(String(headers['content-type']), type);
      assert.match(String(headers['content-security-policy']), /default-src 'self'/);
    }
  });

  it('answer no request under a name of another site, which may resolve to this machine', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      for (const url of ['/', '/console/dead-letters', '/console/events'])
        assert.equal((await http.inject({ url, headers: { host } })).statusCode, 404, `${host} ${url}`);
    }
    for (const host of ['localhost', '127.0.0.1:7000', '[::1]:7000'])
      assert.equal((await http.inject({ url: '/', headers: { host } })).statusCode, 200, host);
    const anywhere = await open({ isLocal: false });
    assert.equal((await anywhere.inject({ url: '/', headers: { host: 'shop.example' } })).statusCode, 200);
    await anywhere.close();
  });

  it('reject a topic, a position or a filter that does not exist, and name it', async () => {
    for (const [query, reason] of [
      ['topic=clicks', /topics are actions/],
      ['topic=actions&from=monday', /--from “monday”/],
      ['topic=actions&filter=kind', /--filter “kind”/],
    ] as const) {
      const answer = await http.inject({ url: `/console/tail?${query}`, headers: { host: 'localhost' } });
      assert.equal(answer.statusCode, 400);
      assert.match(answer.json<{ detail: string }>().detail, reason);
    }
  });

  it('look up titles, categories and vectors for the pages', async () => {
    const post = async (url: string, payload: object) =>
      (await http.inject({ method: 'POST', url, payload, headers: { host: 'localhost' } })).json<object>();
    assert.deepEqual(await post('/console/items', { itemIds: ['a'] }), {
      a: { title: 'title of a', category: 'Tea' },
    });
    assert.deepEqual(await post('/console/vectors', { generation: 'g1', itemIds: ['a'] }), { a: 'AAAA' });
  });

  it('an unknown generation is answered with 404, and one that is about to be held with 503', async () => {
    const look = async (generation: string) => {
      const payload = { generation, itemIds: ['a'] };
      const answer = await http.inject({
        method: 'POST',
        url: '/console/vectors',
        payload,
        headers: { host: 'localhost' },
      });
      return [answer.statusCode, answer.json<{ code: string }>().code];
    };
    assert.deepEqual(await look('nope'), [404, 'generation.unknown']);
    assert.deepEqual(await look('g2'), [503, 'generation.pending']);
  });

  it('a name that no file has is answered with 404, whatever bytes are in it', async () => {
    for (const name of [
      '%00',
      'main.js%00',
      '..%2f..%2fpackage.json',
      '%2e%2e%2fmain.ts',
      'nothing.js',
      '.env',
    ]) {
      const { statusCode, body } = await http.inject({
        url: `/console/files/${name}`,
        headers: { host: 'localhost' },
      });
      assert.deepEqual(
        [statusCode, (JSON.parse(body) as { code: string }).code],
        [404, 'route.unknown'],
        name,
      );
    }
  });

  it('ids of dots are looked up as any other id', async () => {
    for (const [url, asked] of [
      ['/console/user-lists?userId=..', '/inspect/users/../lists?n=20'],
      ['/console/item-neighbours?itemId=.&generation=g1', '/inspect/items/./neighbours?generation=g1&n=10'],
    ] as const) {
      // As a browser resolves it.
      const { pathname, search } = new URL(url, 'http://localhost');
      const answer = await http.inject({ url: pathname + search, headers: { host: 'localhost' } });
      assert.deepEqual(answer.json(), { asked });
    }
  });

  it('answer 304 to a page that has the newest answer already', async () => {
    const headers = { host: 'localhost' };
    const url = '/console/user-lists?userId=ada';
    const first = await http.inject({ url, headers });
    assert.deepEqual(first.json(), { asked: '/inspect/users/ada/lists?n=20' });
    const again = await http.inject({ url, headers: { ...headers, 'if-none-match': first.headers.etag } });
    assert.deepEqual([again.statusCode, again.body], [304, '']);
  });
});

const DECISIONS: ReadonlyArray<readonly [string, object]> = [
  ['/console/releases/activate', { generation: 'g1' }],
  ['/console/releases/rollback', {}],
  ['/console/dead-letters/requeue', { topic: 'actions', code: 'decode.magic', stage: 'interests' }],
  ['/console/experiments', { name: 'a', arms: [] }],
  ['/console/experiments/autumn/stop', {}],
  ['/console/experiments/autumn/promote', { arm: 'new' }],
];
const OWN = { host: 'localhost', 'x-tributary-console': '1' };

describe('what the console may change', () => {
  it('nothing changes unless a setting allows it, and the error names the setting', async () => {
    const http = await open();
    for (const [url, payload] of DECISIONS) {
      const answer = await http.inject({ method: 'POST', url, payload, headers: OWN });
      const { code, remedy } = answer.json<{ code: string; remedy: string }>();
      assert.deepEqual([answer.statusCode, code], [403, 'console.read-only'], url);
      assert.match(remedy, /TRIBUTARY_GATEWAY_CONSOLE_ACTIONS=on/);
    }
    assert.deepEqual((await http.inject({ url: '/console/settings', headers: OWN })).json(), {
      mayDecide: false,
    });
    await http.close();
  });

  it('no page of another site can change anything, whatever its browser sends', async () => {
    const http = await open({ mayDecide: true });
    for (const headers of [
      { host: 'localhost' },
      { ...OWN, origin: 'https://evil.example' },
      { ...OWN, origin: 'null' },
      { ...OWN, origin: 'http://localhost:9999' },
      { ...OWN, 'sec-fetch-site': 'cross-site' },
      { ...OWN, 'sec-fetch-site': 'same-site' },
    ])
      for (const [url, payload] of DECISIONS) {
        const answer = await http.inject({ method: 'POST', url, payload, headers });
        const { code } = answer.json<{ code: string }>();
        assert.deepEqual([answer.statusCode, code], [403, 'console.foreign'], JSON.stringify(headers));
      }
    await http.close();
  });

  it('an impossible wish is rejected before the log is read, by the field at fault', async () => {
    const http = await open({ mayDecide: true });
    const ask = async (url: string, payload: object) => {
      const answer = await http.inject({
        method: 'POST',
        url,
        payload,
        headers: { ...OWN, origin: 'http://localhost' },
      });
      return [answer.statusCode, answer.json<{ field?: string }>().field];
    };
    assert.deepEqual(await ask('/console/releases/activate', {}), [400, 'generation']);
    assert.deepEqual(await ask('/console/dead-letters/requeue', { topic: 'clicks', code: 'a', stage: 'b' }), [
      400,
      'topic',
    ]);
    const arms = [{ name: 'a', policy: '', share: 0 }];
    assert.equal((await ask('/console/experiments', { name: 'x', arms }))[0], 400);
    assert.deepEqual(decided.at(-1), ['requeue', 'field.invalid'], 'a failed decision is counted');
    await http.close();
  });
});
