import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { addCors, createOriginCheck } from './cors.ts';

const SHOP = 'https://shop.example';

async function serve(origins: readonly string[]): Promise<FastifyInstance> {
  const http = Fastify();
  await addCors(http, origins);
  http.post('/v1/actions', async () => ({}));
  return http;
}

describe('pages of other origins', () => {
  it('may read answers and their dates if they are on the list, and no others may', async () => {
    const http = await serve([SHOP]);
    const preflight = (origin: string) =>
      http.inject({
        method: 'OPTIONS',
        url: '/v1/actions',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      });
    const allowed = await preflight(SHOP);
    assert.equal(allowed.statusCode, 204);
    assert.equal(allowed.headers['access-control-allow-origin'], SHOP);
    assert.match(String(allowed.headers['access-control-allow-headers']), /content-type/);
    assert.equal((await preflight('https://evil.example')).headers['access-control-allow-origin'], undefined);
    const answer = await http.inject({ method: 'POST', url: '/v1/actions', headers: { origin: SHOP } });
    assert.match(String(answer.headers['access-control-expose-headers']), /date, retry-after/);
    assert.match(String(answer.headers.vary), /Origin/i);
  });

  it('learn nothing from a gateway without a list', async () => {
    const http = await serve([]);
    const answer = await http.inject({ method: 'POST', url: '/v1/actions', headers: { origin: SHOP } });
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });

  it('may write if they are on the list, or are served under the same host; requests without an origin may too', () => {
    const check = createOriginCheck([SHOP]);
    const of = (origin?: string) => ({ headers: { origin, host: 'gateway:7000' } }) as FastifyRequest;
    for (const origin of [undefined, SHOP, 'http://gateway:7000']) check(of(origin));
    for (const origin of [
      'https://evil.example',
      'null',
      'http://shop.example',
      'https://shop.example.evil.example',
    ]) {
      assert.throws(() => check(of(origin)), { code: 'origin.refused', status: 403 });
    }
    createOriginCheck(['*'])(of('null'));
  });
});
