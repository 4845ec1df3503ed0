import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { aSlate } from '#contracts/domain/records.testing.ts';
import type { TributaryError } from '#contracts/errors.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { createHttpServer } from '#platform/http/server.ts';
import { createLifecycle } from '#platform/lifecycle.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { addSlateRoute } from './routes.ts';
import { type AnswerTime, createSlateCalls, type SlateOutcome } from './slate-calls.ts';

const LOG = pino({ level: 'silent' });
const MAX_SLATES = 8;

/** A call that waits while the dependency stalls. */
class Stall {
  #open = Promise.withResolvers<void>();
  waiting = 0;
  isBroken = false;

  constructor() {
    this.#open.resolve();
  }

  begin(): void {
    this.#open = Promise.withResolvers<void>();
  }

  end(): void {
    this.#open.resolve();
  }

  async pass(): Promise<void> {
    this.waiting += 1;
    await this.#open.promise;
    this.waiting -= 1;
  }
}

describe('the route of slates', () => {
  let http: FastifyInstance;
  let url: string;
  /** A route that answers slates once they are chosen. */
  let early: { http: FastifyInstance; peer: Peer };
  let hasty: Peer;
  let patient: Peer;
  const redis = new Stall();
  const kafka = new Stall();
  const logged: Slate[] = [];
  let outcomes: Partial<Record<SlateOutcome, number>> = {};
  let unlogged = 0;

  async function listen(answered: AnswerTime): Promise<{ http: FastifyInstance; url: string }> {
    const lifecycle = createLifecycle({ log: LOG, deadlineMs: 1_000, exit: () => {} });
    const server = createHttpServer({
      log: LOG,
      lifecycle,
      metrics: createMetrics('rerank'),
      readiness: [],
    });
    addSlateRoute(server, {
      calls: createSlateCalls({
        maxCalls: MAX_SLATES,
        count: (outcome) => {
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        },
        answered,
        onUnlogged: () => void unlogged++,
        now: () => performance.now(),
      }),
      timeoutMs: 30_000,
      readPool: () => redis.pass(),
      compose: (_pool, { slateId, userId }) => aSlate({ slateId, userId }),
      async publish(slate) {
        await kafka.pass();
        if (kafka.isBroken) throw new Error('Kafka is away');
        logged.push(slate);
      },
    });
    return { http: server, url: await server.listen({ host: '127.0.0.1', port: 0 }) };
  }

  before(async () => {
    ({ http, url } = await listen('logged'));
    const chosen = await listen('chosen');
    early = { http: chosen.http, peer: createPeer({ name: 'rerank', url: chosen.url, timeoutMs: 20_000 }) };
    hasty = createPeer({ name: 'rerank', url, timeoutMs: 1_500 });
    patient = createPeer({ name: 'rerank', url, timeoutMs: 20_000 });
  });

  beforeEach(() => {
    logged.length = 0;
    outcomes = {};
  });

  afterEach(() => waitFor(() => redis.waiting + kafka.waiting === 0, { message: 'nothing is under way' }));

  after(async () => {
    await hasty.close();
    await patient.close();
    await early.peer.close();
    await http.close();
    await early.http.close();
  });

  const ask = (peer: Peer) => peer.post<Slate>('/slates', { userId: 'ann', n: 5 });
  const fault = (peer: Peer) =>
    ask(peer).then(
      () => 'a slate',
      ({ code, status, retryable }: TributaryError) => `${code} ${status} ${retryable}`,
    );

  it('logs the slates that it answers', async () => {
    const slates = await Promise.all(Array.from({ length: MAX_SLATES }, () => ask(patient)));
    assert.deepEqual(
      slates.map(({ slateId }) => slateId).sort(),
      logged.map(({ slateId }) => slateId).sort(),
    );
    assert.deepEqual(outcomes, { answered: MAX_SLATES });
  });

  it('answers a probe without logging its slate', async () => {
    const { slateId } = await patient.post<Slate>('/slates', { userId: 'ann', probe: true });
    assert.notEqual(slateId, '');
    assert.equal(logged.length, 0);
    assert.deepEqual(outcomes, { probed: 1 });
  });

  it('rejects a surface or a device that is none, with the name of the field', async () => {
    for (const [field, value] of [
      ['surface', 'Home page'],
      ['list', 'trending'],
      ['device', 'toaster'],
      ['probe', 'yes'],
    ])
      await assert.rejects(patient.post('/slates', { userId: 'ann', [field!]: value }), {
        code: 'field.invalid',
        field,
      });
  });

  it('logs no slate of a caller whose own client has left while Redis stalled', async () => {
    redis.begin();
    const left = new AbortController();
    const asked = patient.post<Slate>('/slates', { userId: 'ann' }, undefined, left.signal);
    await waitFor(() => redis.waiting === 1, { message: 'the request waits for Redis' });
    const before = await connections();
    left.abort();
    await assert.rejects(asked, { code: 'peer.unavailable' });
    await waitFor(async () => (await connections()) < before, { message: 'its connection is closed' });
    redis.end();
    await waitFor(() => outcomes.abandoned === 1, { message: 'the slate is given up' });
    assert.equal(logged.length, 0);
  });

  it('leaves the features out of the answer of a caller that needs none, and not out of the log', async () => {
    const whole = await ask(patient);
    const brief = await patient.post<Slate>('/slates?features=false', { userId: 'ann', n: 5 });
    assert.deepEqual(whole, logged[0]);
    const { featureNames, slots } = logged[1]!;
    assert.ok(featureNames.length > 0 && slots[0]!.features.length > 0);
    const withoutFeatures = slots.map((slot) => ({ ...slot, features: [] }));
    assert.deepEqual(brief, { ...logged[1], featureNames: [], slots: withoutFeatures });
    await assert.rejects(patient.post('/slates?features=2', { userId: 'ann' }), {
      status: 400,
      field: 'features',
    });
  });

  it('logs no slate whose caller gave up while Redis stalled, and refuses what exceeds the bound at once', async () => {
    redis.begin();
    const stalled = Array.from({ length: MAX_SLATES }, () => fault(hasty));
    await waitFor(() => redis.waiting === MAX_SLATES, { message: 'all wait for Redis' });
    for (let round = 0; round < 3; round++) {
      assert.equal(await fault(patient), 'stage.overloaded 503 true');
    }
    for (const answer of await Promise.all(stalled)) {
      assert.match(answer, /^(slate\.late|peer\.unavailable) 503 true$/);
    }
    assert.equal(await fault(patient), 'stage.overloaded 503 true', 'the reads are still under way');
    assert.equal(redis.waiting, MAX_SLATES);
    redis.end();
    await waitFor(() => (outcomes.late ?? 0) + (outcomes.abandoned ?? 0) === MAX_SLATES, {
      message: 'all are given up',
    });
    assert.equal(logged.length, 0);
    const { slateId } = await ask(patient);
    assert.deepEqual(
      logged.map((slate) => slate.slateId),
      [slateId],
    );
    assert.equal(outcomes.answered, 1);
    assert.equal(outcomes.overloaded, 4);
  });

  it('names the time after which a refused request may be sent again', async () => {
    redis.begin();
    const stalled = Array.from({ length: MAX_SLATES }, () => ask(patient));
    await waitFor(() => redis.waiting === MAX_SLATES, { message: 'all wait for Redis' });
    const headers = { 'content-type': 'application/json' };
    const refused = await fetch(`${url}/slates`, { method: 'POST', headers, body: '{"userId":"ann"}' });
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    redis.end();
    assert.equal((await Promise.all(stalled)).length, logged.length);
  });

  const connections = () =>
    new Promise<number>((resolve) => http.server.getConnections((_, open) => resolve(open)));

  /** Sends requests without a deadline, and returns a function that closes their connections. */
  function askAndLeave(count: number): () => Promise<void> {
    const leave = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const { signal } = leave;
    const left = Array.from({ length: count }, () =>
      assert.rejects(fetch(`${url}/slates`, { method: 'POST', headers, signal, body: '{"userId":"ann"}' }), {
        name: 'AbortError',
      }),
    );
    return async () => {
      const before = await connections();
      leave.abort();
      await Promise.all(left);
      const message = 'the server sees that the callers left';
      await waitFor(async () => (await connections()) <= before - count, { message });
    };
  }

  it('logs no slate whose caller left while Redis stalled, also one that named no deadline', async () => {
    redis.begin();
    const leave = askAndLeave(3);
    await waitFor(() => redis.waiting === 3, { message: 'the requests wait for Redis' });
    await leave();
    redis.end();
    await waitFor(() => outcomes.abandoned === 3, { message: 'the requests are given up' });
    assert.equal(logged.length, 0);
  });

  it('counts the slates whose caller left during the write, which are at most as many as may be under way', async () => {
    kafka.begin();
    const leave = askAndLeave(MAX_SLATES);
    await waitFor(() => kafka.waiting === MAX_SLATES, { message: 'the requests wait for Kafka' });
    assert.equal(await fault(patient), 'stage.overloaded 503 true');
    await leave();
    kafka.end();
    await waitFor(() => outcomes.unanswered === MAX_SLATES, { message: 'the log has them' });
    assert.equal(logged.length, MAX_SLATES);
    assert.deepEqual(outcomes, { unanswered: MAX_SLATES, overloaded: 1 });
  });

  it('answers slates once they are chosen, if so set: more than may be under way, and each is in the log or told to be missing', async () => {
    kafka.begin();
    const slates: Slate[] = [];
    for (let asked = 0; asked <= MAX_SLATES; asked++) slates.push(await ask(early.peer));
    assert.equal(logged.length, 0);
    assert.equal(kafka.waiting, slates.length);
    assert.deepEqual(outcomes, { answered: slates.length });
    kafka.end();
    await waitFor(() => logged.length === slates.length, { message: 'the log has them' });
    assert.deepEqual(logged, slates);
    kafka.isBroken = true;
    await ask(early.peer);
    await waitFor(() => unlogged === 1, { message: 'the failed write is told' });
    kafka.isBroken = false;
    assert.deepEqual([logged.length, outcomes], [slates.length, { answered: slates.length + 1 }]);
  });
});
