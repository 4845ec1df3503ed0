import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { counter, gauge, histogram, registerMetrics } from './declared-metrics.ts';

const DECLARED = {
  read: counter('read_total', { help: 'Messages read', labels: ['topic'] }),
  held: gauge('held', { help: 'Messages held' }),
  seconds: histogram('seconds', { help: 'Time taken', buckets: [0.1, 1] }),
} as const;

describe('registerMetrics', () => {
  it('adds each declared metric to the registry and returns it by its key', async () => {
    const registry = new Registry();
    const { read, held, seconds } = registerMetrics(DECLARED, registry);
    read.inc({ topic: 'actions' }, 2);
    held.set(3);
    seconds.observe(0.5);
    const text = await registry.metrics();
    assert.match(text, /^# HELP read_total Messages read$/m);
    assert.match(text, /^read_total\{topic="actions"\} 2$/m);
    assert.match(text, /^held 3$/m);
    assert.match(text, /^seconds_bucket\{le="0.1"\} 0$/m);
    assert.match(text, /^seconds_bucket\{le="1"\} 1$/m);
  });

  it('calls the function of a gauge at each scrape', async () => {
    const registry = new Registry();
    let messages = 1;
    registerMetrics(DECLARED, registry, { held: (held) => held.set(messages) });
    assert.match(await registry.metrics(), /^held 1$/m);
    messages = 2;
    assert.match(await registry.metrics(), /^held 2$/m);
  });

  it('accepts a declaration once for each registry', () => {
    const registry = new Registry();
    registerMetrics(DECLARED, registry);
    registerMetrics(DECLARED, new Registry());
    assert.throws(() => registerMetrics(DECLARED, registry), /read_total.*already been registered/);
  });
});
