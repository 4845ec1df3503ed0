import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { ERROR_REMEDIES } from '#contracts/errors.ts';
import { createLifecycle, type Lifecycle } from '../lifecycle.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { createHttpDrain } from './drain.ts';
import type { ErrorBody, ProblemMembers } from './error-body.ts';
import { MAX_BODY_BYTES } from './json-body.ts';
import { createHttpServer } from './server.ts';
import { exchange, parseAnswer } from './sockets.testing.ts';

const log = createLogger('test', 'silent');
const TIMEOUTS = { request: 300, headers: 300, check: 30 };

async function open(): Promise<{ server: FastifyInstance; port: number; lifecycle: Lifecycle }> {
  const lifecycle = createLifecycle({ log, deadlineMs: 60_000, exit: () => undefined });
  const metrics = createMetrics('test');
  const server = createHttpServer({ log, lifecycle, metrics, readiness: [], timeouts: TIMEOUTS });
  server.post('/echo', async ({ body }) => ({ body }));
  server.get<{ Params: { id: string } }>('/things/:id/name', async ({ params, query }) => ({
    ...params,
    query,
  }));
  await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, lifecycle, port: (server.server.address() as AddressInfo).port };
}

describe('a body', () => {
  let server: FastifyInstance;
  before(async () => {
    ({ server } = await open());
  });
  after(() => server.close());

  async function post(payload: Buffer | string, headers: Record<string, string> = {}) {
    const sent = { 'content-type': 'application/json', ...headers };
    const { statusCode, body } = await server.inject({
      method: 'POST',
      url: '/echo',
      headers: sent,
      payload,
    });
    const parsed = JSON.parse(body) as Partial<ErrorBody> & { body?: unknown };
    return { status: statusCode, body: parsed.body, error: parsed.error };
  }

  it('a body that is not UTF-8 is rejected with the place of the first such byte', async () => {
    const body = Buffer.from('{"userId":"Andr\xe9"}', 'latin1');
    const { status, error } = await post(body);
    assert.deepEqual([status, error?.code], [400, 'body.malformed']);
    assert.match(error!.reason, /byte 15 of the body is not UTF-8/);
    for (const bytes of [
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf8, 0x88],
      [0xff, 0xfe, 0x7b, 0x00],
    ]) {
      const broken = Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')]);
      assert.equal((await post(broken)).status, 400, broken.toString('hex'));
    }
  });

  it('a byte order mark before a body is skipped', async () => {
    assert.deepEqual((await post('\uFEFF{"a":"é"}')).body, { a: 'é' });
  });

  it('another charset than UTF-8 is rejected by its name', async () => {
    for (const charset of ['iso-8859-1', '"UTF-16"', 'windows-1252']) {
      const { status, error } = await post('{}', { 'content-type': `application/json; charset=${charset}` });
      assert.deepEqual([status, error?.code], [415, 'body.encoding']);
      assert.ok(error!.reason.includes(charset.replaceAll('"', '')), error!.reason);
    }
    for (const charset of ['utf-8', 'UTF8', '"utf-8"']) {
      assert.equal(
        (await post('{}', { 'content-type': `application/json; charset=${charset}` })).status,
        200,
      );
    }
  });

  it('gzip is read, and every other content-encoding is rejected by its name', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    assert.deepEqual((await post(gzipSync('{"a":1}'), gzip)).body, { a: 1 });
    assert.deepEqual((await post('{"a":1}', { 'content-encoding': 'identity' })).body, { a: 1 });
    for (const [encoding, payload] of [
      ['deflate', deflateSync('{}')],
      ['br', brotliCompressSync('{}')],
      ['zstd', Buffer.from('{}')],
      ['gzip, gzip', gzipSync(gzipSync('{}'))],
    ] as const) {
      const { status, error } = await post(payload, { 'content-encoding': encoding });
      assert.deepEqual([status, error?.code], [415, 'body.encoding']);
      assert.ok(error!.reason.includes(encoding));
    }
  });

  it('a gzip body is bounded by its size after decompression', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    const bomb = gzipSync(Buffer.alloc(256 * MAX_BODY_BYTES, '['), { level: 9 });
    assert.ok(bomb.length < MAX_BODY_BYTES);
    const { status, error } = await post(bomb, gzip);
    assert.deepEqual([status, error?.code], [413, 'body.too-large']);
    for (const broken of [gzipSync('{"a":1}').subarray(0, 12), Buffer.from('{"a":1}')]) {
      const refused = await post(broken, gzip);
      assert.deepEqual([refused.status, refused.error?.code], [400, 'body.malformed']);
    }
    assert.equal((await post(gzipSync(Buffer.from('{"a":"\xe9"}', 'latin1')), gzip)).status, 400);
  });

  it('a body nested half a million deep is parsed without an overflow of the stack', async () => {
    const deep = `${'['.repeat(400_000)}${']'.repeat(400_000)}`;
    const { status } = await post(`{"a":${deep}`);
    assert.equal(status, 400);
  });

  it('keys that objects inherit are ordinary keys, and of a key that stands twice the last counts', async () => {
    const { body } = await post('{"a":1,"a":2,"constructor":{"prototype":1},"\\u005f_proto__":{"b":1}}');
    assert.deepEqual(Object.keys(body as object), ['a', 'constructor', '__proto__']);
    assert.equal((body as { a: number }).a, 2);
    assert.equal(({} as { b?: number }).b, undefined);
  });
});

describe('a request that no route sees', () => {
  let server: FastifyInstance;
  let port: number;
  before(async () => {
    ({ server, port } = await open());
  });
  after(() => server.close());

  const get = (target: string, more = '') =>
    `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${more}\r\n`;

  const FAULTS: ReadonlyArray<[string, string, number, keyof typeof ERROR_REMEDIES]> = [
    ['a path that is not UTF-8', get('/things/%ff/name'), 400, 'request.malformed'],
    ['a query that is not UTF-8', get('/things/a/name?userId=%ff'), 400, 'request.malformed'],
    ['a broken percent sign in a query', get('/things/a/name?userId=100%'), 400, 'request.malformed'],
    ['raw bytes outside of ASCII in a path', get('/things/\xc3\xa9/name'), 400, 'request.malformed'],
    ['raw bytes outside of ASCII in a query', get('/things/a/name?userId=\xe9'), 400, 'request.malformed'],
    [
      'a segment of the path that is too long',
      get(`/things/${'x'.repeat(769)}/name`),
      414,
      'request.too-long',
    ],
    ['headers of more than 16 KiB', get('/echo', `x: ${'x'.repeat(17_000)}\r\n`), 431, 'request.too-long'],
    ['a URL of more than 16 KiB', get(`/${'x'.repeat(17_000)}`), 431, 'request.too-long'],
    ['a method that HTTP does not know', 'BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n', 400, 'request.malformed'],
    ['bytes that are not HTTP', 'hello\r\n\r\n', 400, 'request.malformed'],
    ['another protocol', '\x16\x03\x01\x00\xa5\x01\x00\x00', 400, 'request.malformed'],
    ['a missing host', 'GET /echo HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'request.malformed'],
    ['an unknown expectation', get('/echo', 'expect: tea\r\n'), 417, 'request.malformed'],
    [
      'two lengths',
      get('/echo', 'content-length: 3\r\ntransfer-encoding: chunked\r\n'),
      400,
      'request.malformed',
    ],
    ['a method that no route has', get('/echo').replace('GET', 'PROPFIND'), 404, 'route.unknown'],
    ['an unknown route', get('/nowhere'), 404, 'route.unknown'],
    ['headers that never end', 'GET /echo HTTP/1.1\r\nhost: x\r\n', 408, 'request.timeout'],
    [
      'a body that never ends',
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
      408,
      'request.timeout',
    ],
  ];
  for (const [what, bytes, expected, code] of FAULTS) {
    it(`${what} is answered with ${expected} ${code} in the shape of every error`, async () => {
      const { status, head, body } = parseAnswer(await exchange(port, bytes));
      const { error } = body as ErrorBody;
      assert.deepEqual([status, error.code, error.remedy], [expected, code, ERROR_REMEDIES[code]]);
      assert.ok(error.reason.length > 0 && error.reason.length < 300, error.reason);
      assert.match(head, /content-type: application\/problem\+json/);
      const problem = body as ProblemMembers;
      assert.deepEqual(
        [problem.status, problem.detail, problem.code, problem.type],
        [expected, `${error.reason}. ${error.remedy}`, code, `/docs#error-${code}`],
      );
    });
  }

  it('ids of dots, slashes, percent signs and control characters reach a route as they are', async () => {
    for (const id of [
      '.',
      '..',
      'a/b',
      '100%',
      'a\0b',
      'a\nb',
      'é',
      'e\u0301',
      '__proto__',
      '%2e',
      ' ',
      '😀',
    ]) {
      const target = `/things/${encodeURIComponent(id)}/name?id=${encodeURIComponent(id)}`;
      assert.deepEqual(parseAnswer(await exchange(port, get(target))).body, { id, query: { id } });
    }
  });
});

describe('a server that drains', () => {
  it('stops accepting at once, and closes the connection of a client that never ends its body', async () => {
    const { server, port } = await open();
    const straggler = connect(port, '127.0.0.1');
    straggler.on('error', () => undefined);
    const received = once(server.server, 'request');
    straggler.write(
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\ncontent-type: application/json\r\n\r\n{',
    );
    await received;
    const closed = once(straggler, 'close');
    const drain = createHttpDrain(server, 0);
    await drain.stopAccepting(1);
    await assert.rejects(exchange(port, 'GET /healthz HTTP/1.1\r\n\r\n'), { code: 'ECONNREFUSED' });
    assert.equal(straggler.destroyed, false, 'a straggler does not hold up the first step');
    await drain.closeStragglers(1);
    await closed;
  });

  it('answers what a client sends on an open connection as the drain begins, and ends the connection with the answer', async () => {
    const { server, port, lifecycle } = await open();
    const client = connect(port, '127.0.0.1');
    await once(server.server, 'connection');
    const drain = createHttpDrain(server, 1_000);
    lifecycle.onStop('http', () => drain.stopAccepting(10_000));
    const stopped = lifecycle.stop('SIGTERM');
    let answer = '';
    client.on('data', (bytes) => {
      answer += String(bytes);
    });
    const ended = once(client, 'close');
    client.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await ended;
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /connection: close/i);
    await stopped;
  });

  it('a server that never listened drains without an error', async () => {
    const { server } = await open();
    const drain = createHttpDrain(server, 1_000);
    await drain.closeStragglers(1);
    await drain.stopAccepting(10_000);
    await drain.closeStragglers(10_000);
  });
});
