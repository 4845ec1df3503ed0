import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Fastify from 'fastify';
import { MAX_BODY_BYTES } from '#platform/http/json-body.ts';
import { type AdmissionLimits, createAdmission } from './admission.ts';

/** A server whose requests wait until `answer` is called once. */
function open(limits: AdmissionLimits) {
  const server = Fastify();
  const gate = Promise.withResolvers<void>();
  server.setErrorHandler((error: { code: string; status: number }, _request, reply) => {
    reply.code(error.status).send({ code: error.code });
  });
  server.post('/', { onRequest: createAdmission(limits) }, async () => {
    await gate.promise;
    return {};
  });
  const post = (payload: string, headers: Record<string, string> = {}) =>
    server
      .inject({
        method: 'POST',
        url: '/',
        payload,
        headers: { 'content-type': 'application/json', ...headers },
      })
      .then(({ statusCode }) => statusCode);
  return {
    post,
    answer: () => gate.resolve(),
  };
}

describe('the admission of write requests', () => {
  it('refuses requests beyond the limit with 503, and admits others once those are answered', async () => {
    const { post, answer } = open({ maxRequests: 2, maxBytes: MAX_BODY_BYTES });
    const waiting = [post('{}'), post('{}')];
    assert.equal(await post('{}'), 503);
    answer();
    assert.deepEqual(await Promise.all(waiting), [200, 200]);
    assert.equal(await post('{}'), 200);
  });

  it('counts a body without a length, and a compressed one, as the largest', async () => {
    const { post, answer } = open({ maxRequests: 100, maxBytes: 1_000 });
    const first = post(`"${'x'.repeat(900)}"`);
    assert.equal(await post(`"${'x'.repeat(900)}"`), 503);
    assert.equal(await post('{}', { 'content-encoding': 'gzip' }), 503);
    answer();
    assert.equal(await first, 200);
  });
});
