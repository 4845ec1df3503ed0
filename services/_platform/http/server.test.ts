import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { Type } from 'typebox';
import { ERROR_REMEDIES, TributaryError } from '#contracts/errors.ts';
import { createLifecycle, type Lifecycle } from '../lifecycle.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { MAX_BODY_BYTES } from './json-body.ts';
import { createHttpServer, type ReadinessCheck } from './server.ts';

const log = createLogger('test', 'silent');

function open(readiness: ReadinessCheck[] = []): { server: FastifyInstance; lifecycle: Lifecycle } {
  const lifecycle = createLifecycle({ log, deadlineMs: 60_000, exit: () => undefined });
  const server = createHttpServer({ log, lifecycle, metrics: createMetrics('test'), readiness });
  server.post('/echo', async ({ body }) => body ?? null);
  server.get('/known', async () => {
    throw new TributaryError('user.unknown', 'no user u1', { status: 404, field: 'id' });
  });
  server.get('/broken', async () => {
    throw new TypeError('secret detail');
  });
  const querystring = Type.Object({ n: Type.Integer({ minimum: 1 }), size: Type.Integer({ default: 3 }) });
  server.get('/checked', { schema: { querystring } }, async ({ query }) => query);
  server.post('/checked', { schema: { body: querystring } }, async ({ body }) => body);
  return { server, lifecycle };
}

describe('readiness', () => {
  it('a stage is ready if its lifecycle is ready and no condition is missing', async () => {
    let missing: string | undefined = 'still reading items';
    const { server, lifecycle } = open([() => missing, () => undefined]);
    const ask = async () => {
      const { statusCode, body } = await server.inject('/readyz');
      return [statusCode, JSON.parse(body)] as const;
    };
    assert.deepEqual(await ask(), [
      503,
      { ready: false, missing: ['the stage is starting', 'still reading items'] },
    ]);
    lifecycle.markReady();
    assert.deepEqual(await ask(), [503, { ready: false, missing: ['still reading items'] }]);
    missing = undefined;
    assert.deepEqual(await ask(), [200, { ready: true, missing: [] }]);
    await lifecycle.stop('test');
    assert.deepEqual(await ask(), [503, { ready: false, missing: ['the stage is stopped'] }]);
  });

  it('a stage that is not ready is still alive', async () => {
    const { server } = open([() => 'something']);
    const { statusCode, body } = await server.inject('/healthz');
    assert.deepEqual([statusCode, body], [200, '{"state":"starting"}']);
  });
});

describe('an open connection', () => {
  it('clients are told to drop it when idle, before a farewell of five seconds ends, and at once while the stage drains', async () => {
    const { server, lifecycle } = open();
    const heads: string[] = [];
    const port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
    lifecycle.onStop('ask', async () => void heads.push(await headOfAnswer(port)));
    try {
      heads.push(await headOfAnswer(port));
      await lifecycle.stop('test');
    } finally {
      await server.close();
    }
    const [running, draining] = heads;
    assert.match(running!, /^keep-alive: timeout=6\r$/im);
    assert.equal(running!.match(/^keep-alive:/gim)?.length, 1, 'not also the longer time of the server');
    assert.match(draining!, /^connection: close\r$/im);
    assert.doesNotMatch(draining!, /^keep-alive:/im);
  });
});

/** The head of the answer of `/healthz`, byte for byte. */
function headOfAnswer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n'),
    );
    socket.once('data', (data) => {
      resolve(data.toString('latin1').split('\r\n\r\n')[0]!);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('a request that fits the schema of its route', () => {
  const { server } = open();

  it('numbers are parsed from the text of the query, and defaults are filled in', async () => {
    assert.deepEqual((await server.inject('/checked?n=12')).json(), { n: 12, size: 3 });
    assert.deepEqual((await server.inject('/checked?n=1&size=2')).json(), { n: 1, size: 2 });
    const posted = await server.inject({ method: 'POST', url: '/checked', payload: { n: 5 } });
    assert.deepEqual(posted.json(), { n: 5, size: 3 });
  });
});

describe('an error', () => {
  const { server } = open();
  const errorOf = async (request: InjectOptions) => {
    const { statusCode, body } = await server.inject(request);
    return [statusCode, JSON.parse(body).error] as const;
  };
  const post = (payload: string, type = 'application/json') =>
    errorOf({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload });

  it('an error of ours keeps its code, field, reason and status', async () => {
    assert.deepEqual(await errorOf({ url: '/known' }), [
      404,
      {
        code: 'user.unknown',
        field: 'id',
        reason: 'no user u1',
        remedy: ERROR_REMEDIES['user.unknown'],
      },
    ]);
  });

  it('an unexpected error reveals nothing about the internals', async () => {
    assert.deepEqual(await errorOf({ url: '/broken' }), [
      500,
      {
        code: 'handler.failed',
        reason: 'unexpected error; see the log of the stage',
        remedy: ERROR_REMEDIES['handler.failed'],
      },
    ]);
  });

  it('an unknown route is named in the error', async () => {
    const [status, { code, reason }] = await errorOf({ method: 'PUT', url: '/nowhere' });
    assert.deepEqual([status, code, reason], [404, 'route.unknown', 'there is no PUT /nowhere']);
  });

  it('malformed bodies, other content types and too large bodies have errors of their own', async () => {
    const [status, { code }] = await post('{"a":');
    assert.deepEqual([status, code], [400, 'body.malformed']);
    const [foreignStatus, foreign] = await post('a=1', 'application/x-www-form-urlencoded');
    assert.deepEqual([foreignStatus, foreign.code], [415, 'body.malformed']);
    const [largeStatus, large] = await post(JSON.stringify('x'.repeat(MAX_BODY_BYTES)));
    assert.deepEqual([largeStatus, large.code], [413, 'body.too-large']);
  });

  it('an error in a query names the field', async () => {
    const [missingStatus, missing] = await errorOf({ url: '/checked' });
    assert.deepEqual([missingStatus, missing.code, missing.field], [400, 'field.missing', 'n']);
    const [invalidStatus, invalid] = await errorOf({ url: '/checked?n=0' });
    assert.deepEqual([invalidStatus, invalid.code, invalid.field], [400, 'field.invalid', 'n']);
    for (const text of ['', 'many', '1.5', '0x10', '1e3']) {
      const [status, { code, field }] = await errorOf({ url: `/checked?n=${text}` });
      assert.deepEqual([status, code, field], [400, 'field.invalid', 'n'], text);
    }
  });

  it('an error in a body names the field, or the body itself', async () => {
    const checked = (payload: object) => errorOf({ method: 'POST', url: '/checked', payload });
    assert.deepEqual(await checked({ n: '1' }), [
      400,
      {
        code: 'field.invalid',
        field: 'n',
        reason: 'must be integer',
        remedy: ERROR_REMEDIES['field.invalid'],
      },
    ]);
    assert.deepEqual(await checked([]), [
      400,
      {
        code: 'field.invalid',
        field: 'body',
        reason: 'must be object',
        remedy: ERROR_REMEDIES['field.invalid'],
      },
    ]);
  });

  it('errors are counted by route and status', async () => {
    const { server: counted } = open();
    await counted.inject('/known');
    await counted.inject('/nowhere');
    const { body } = await counted.inject('/metrics');
    assert.match(body, /tributary_http_seconds_count\{stage="test",route="\/known",status="404"\} 1/);
    assert.match(body, /tributary_http_seconds_count\{stage="test",route="unknown",status="404"\} 1/);
  });
});
