import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createHttpServer } from '#platform/http/server.ts';
import { createLifecycle } from '#platform/lifecycle.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import type { StagePorts } from '#platform/stage.ts';
import { addConsole, type ConsoleOptions } from './console-routes.ts';

const log = pino({ level: 'silent' });

/** A gateway with a console and without a log. */
async function open(isLocal: boolean): Promise<FastifyInstance> {
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
    titles: async () => (itemId: string) => `title of ${itemId}`,
    index: {
      vectors: async (_: string, itemIds: string[]) =>
        Object.fromEntries(itemIds.map((itemId) => [itemId, 'AAAA'])),
    },
  } as unknown as ConsoleOptions;
  await addConsole(stage, options, isLocal);
  await http.ready();
  return http;
}

describe('the routes of the console', () => {
  let http: FastifyInstance;
  before(async () => {
    http = await open(true);
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
    const anywhere = await open(false);
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

  it('look up titles and vectors for the pages', async () => {
    const post = async (url: string, payload: object) =>
      (await http.inject({ method: 'POST', url, payload, headers: { host: 'localhost' } })).json<object>();
    assert.deepEqual(await post('/console/titles', { itemIds: ['a'] }), { a: 'title of a' });
    assert.deepEqual(await post('/console/vectors', { generation: 'g1', itemIds: ['a'] }), { a: 'AAAA' });
  });
});
