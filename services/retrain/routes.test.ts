import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { ERROR_REMEDIES } from '#contracts/errors.ts';
import { createHttpServer } from '#platform/http/server.ts';
import { createLifecycle } from '#platform/lifecycle.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { someRelease } from './records.testing.ts';
import { addRoutes } from './routes.ts';
import { RetrainingSchedule } from './schedule.ts';

const LOG = pino({ level: 'silent' });

describe('the routes of retrain', () => {
  it('a retraining starts on demand, but never before the log is read', async () => {
    const lifecycle = createLifecycle({ log: LOG, deadlineMs: 1_000, exit: () => {} });
    const http = createHttpServer({ log: LOG, lifecycle, metrics: createMetrics('retrain'), readiness: [] });
    const training = Promise.withResolvers<void>();
    const schedule = new RetrainingSchedule({
      now: () => 0,
      onFailure: assert.fail,
      async retrain(generation) {
        await training.promise;
        return someRelease(generation, 'ready');
      },
    });
    addRoutes(http, schedule, lifecycle);
    const post = () => http.inject({ method: 'POST', url: '/retrain' });

    const early = await post();
    assert.equal(early.statusCode, 503);
    assert.deepEqual(early.json().error, {
      code: 'stage.not-ready',
      reason: 'the stage is starting',
      remedy: ERROR_REMEDIES['stage.not-ready'],
      retryable: true,
    });

    lifecycle.markReady();
    const accepted = await post();
    assert.equal(accepted.statusCode, 202);
    const { generation } = accepted.json();
    assert.deepEqual((await http.inject('/status')).json(), { running: generation, last: null });
    const second = await post();
    assert.equal(second.statusCode, 409);
    assert.equal(second.json().error.code, 'retrain.running');

    training.resolve();
    await schedule.close();
    const { last } = (await http.inject('/status')).json();
    assert.deepEqual(last, { generation, state: 'ready', reason: null, without: {} });
    await http.close();
  });
});
