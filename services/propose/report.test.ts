import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createProposeMetrics } from './metrics.ts';
import { createReport } from './report.ts';

describe('the report of the models', () => {
  it('the report of the models counts lists by model and outcome', async () => {
    const registry = new Registry();
    const metrics = createProposeMetrics(registry);
    const report = createReport({ metrics, log: { warn: () => {} }, now: () => 0 });
    report.count('a', 'timed_out', 3);
    report.count('a', 'ok', 0);
    report.waiting('a', 7);
    const text = await registry.metrics();
    assert.match(text, /^tributary_proposals_total\{model="a",outcome="timed_out"\} 3$/m);
    assert.doesNotMatch(text, /outcome="ok"/);
    assert.match(text, /^tributary_proposals_waiting_users\{model="a"\} 7$/m);
  });

  it('the report of the models logs the same warning of a model once a minute, with the number that it left out', () => {
    const logged: Array<[unknown, unknown]> = [];
    let now = 0;
    const report = createReport({
      metrics: createProposeMetrics(new Registry()),
      log: { warn: (fields: unknown, message?: unknown) => void logged.push([fields, message]) },
      now: () => now,
    });
    for (now = 0; now <= 60_000; now += 20_000) report.warn('a', 'late', new Error('no answer'));
    report.warn('b', 'late');
    report.warn('a', 'broken');
    assert.deepEqual(logged, [
      [{ model: 'a', reason: 'no answer', unlogged: 0 }, 'late'],
      [{ model: 'a', reason: 'no answer', unlogged: 2 }, 'late'],
      [{ model: 'b', unlogged: 0 }, 'late'],
      [{ model: 'a', unlogged: 0 }, 'broken'],
    ]);
  });
});
