import assert from 'node:assert/strict';
import type { LookupFunction } from 'node:net';
import { after, before, describe, it } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { TRACE_HEADER } from '../observability/trace.ts';
import { waitOfCaller } from './deadline.ts';
import { errorBody } from './error-body.ts';
import { createPeer, type Peer } from './peer.ts';

const TIMEOUT_MS = 150;

describe('a peer', () => {
  let server: FastifyInstance;
  let url: string;
  let peer: Peer;

  before(async () => {
    server = Fastify({ forceCloseConnections: true });
    server.get('/deadline', async ({ headers }) => ({ ms: waitOfCaller(headers, 60_000) }));
    server.post('/echo', async ({ body, headers }) => ({ body, trace: headers[TRACE_HEADER] ?? null }));
    server.get<{ Params: { id: string } }>('/things/:id/name', async ({ params }) => params);
    server.get('/silent', () => new Promise<never>(() => undefined));
    server.get('/trickle', (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => reply.raw.write(' '), TIMEOUT_MS / 10);
      reply.raw.on('close', () => clearInterval(drip));
    });
    server.get('/broken', async (_request, reply) => reply.code(502).send('<html>'));
    server.get('/strange', async (_request, reply) => reply.code(500).send({ message: 'not ours' }));
    server.get('/refused', async (_request, reply) =>
      reply.code(404).send(errorBody('generation.unknown', 'no g1', 'generation')),
    );
    server.get('/starting', async (_request, reply) =>
      reply.code(503).send(errorBody('stage.not-ready', 'the stage is starting')),
    );
    url = await server.listen({ host: '127.0.0.1', port: 0 });
    peer = createPeer({ name: 'index', url, timeoutMs: TIMEOUT_MS });
  });

  after(async () => {
    await peer.close();
    await server.close();
  });

  it('returns the answer of the peer and passes the trace on', async () => {
    const patient = createPeer({ name: 'index', url, timeoutMs: 10_000 });
    assert.deepEqual(await patient.post('/echo', { k: 1 }, 'trace'), { body: { k: 1 }, trace: 'trace' });
    await patient.close();
  });

  it('tells the peer for how long it waits', async () => {
    const patient = createPeer({ name: 'index', url, timeoutMs: 10_000 });
    assert.deepEqual(await patient.get('/deadline'), { ms: 10_000 });
    await patient.close();
  });

  it('finds the address of its name by the lookup that it is given', async () => {
    const { port } = new URL(url);
    const lookup: LookupFunction = (hostname, { all }, found) => {
      if (hostname !== 'index.nowhere') found(new Error(`asked for ${hostname}`), '');
      else if (all) found(null, [{ address: '127.0.0.1', family: 4 }]);
      else found(null, '127.0.0.1', 4);
    };
    const named = createPeer({ name: 'index', url: `http://index.nowhere:${port}`, lookup });
    assert.deepEqual(await named.get('/things/a/name'), { id: 'a' });
    await named.close();
  });

  it('asks for the id that the caller names, be it of dots or slashes', async () => {
    const patient = createPeer({ name: 'index', url, timeoutMs: 10_000 });
    for (const id of ['.', '..', 'a/b', '%2e', 'ü', 'a\0b', '?', '#']) {
      assert.deepEqual(await patient.get(`/things/${encodeURIComponent(id)}/name`), { id });
    }
    await patient.close();
  });

  it('fails at once when as many calls as allowed are under way, and then calls again', async () => {
    const busy = createPeer({ name: 'index', url, timeoutMs: TIMEOUT_MS, maxCalls: 2 });
    const [first, second, third] = await Promise.allSettled([
      busy.get('/silent'),
      busy.get('/silent'),
      busy.get('/things/a/name'),
    ]);
    const codes = [first, second, third].map((call) => call?.status === 'rejected' && call.reason.code);
    assert.deepEqual(codes, ['peer.unavailable', 'peer.unavailable', 'stage.overloaded']);
    await assert.rejects(busy.get('/refused'), { code: 'generation.unknown' });
    await busy.close();
  });

  for (const [path, what] of [
    ['/silent', 'is silent'],
    ['/trickle', 'answers without end'],
    ['/broken', 'answers with text that is not JSON'],
    ['/strange', 'fails without an error body'],
  ] as const) {
    it(`reports a peer that ${what} as unavailable and retryable`, async () => {
      await assert.rejects(peer.get(path), {
        code: 'peer.unavailable',
        retryable: true,
        status: 503,
        message: /^index /,
      });
    });
  }

  it('reports a peer that does not listen as unavailable', async () => {
    const gone = createPeer({ name: 'index', url: 'http://127.0.0.1:1', timeoutMs: TIMEOUT_MS });
    await assert.rejects(gone.get('/echo'), { code: 'peer.unavailable', retryable: true });
    await gone.close();
  });

  it("passes the peer's own error on unchanged", async () => {
    await assert.rejects(peer.get('/refused'), {
      code: 'generation.unknown',
      status: 404,
      field: 'generation',
      message: 'no g1',
      retryable: false,
    });
    await assert.rejects(peer.get('/starting'), { code: 'stage.not-ready', status: 503, retryable: true });
  });
});
