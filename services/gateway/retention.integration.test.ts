import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { waitFor } from '#platform/testing/wait-for.ts';
import { applyTopics } from '#topics/apply.ts';
import { ACTIONS_RETENTION_MS } from '#topics/catalog.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { followRetention } from './retention.ts';

const log = pino({ level: 'silent' });
const YEAR = 365 * 86_400_000;

describe('the retention that the gateway follows', () => {
  let test: TestNamespace;
  before(async () => {
    test = await openTestNamespace();
    await test.apply();
  });
  after(() => test.close());

  it('is that of the topic, and changes when an operator changes it', async () => {
    const retention = await followRetention({
      kafka: test.kafka,
      topic: test.topicOf('actions'),
      fallbackMs: 1,
      log,
      everyMs: 50,
    });
    assert.equal(retention.maxAgeMs, ACTIONS_RETENTION_MS);
    for (const [applied, expected] of [
      [YEAR, YEAR],
      [-1, Number.POSITIVE_INFINITY],
    ] as const) {
      const { kafka, registry, namespace } = test;
      await applyTopics({ kafka, registry, namespace, retentionMs: { actions: applied } });
      await waitFor(() => retention.maxAgeMs === expected, { message: `the gateway sees ${expected}` });
    }
    retention.close();
  });

  it('is looked up again before an action is refused', async () => {
    const { kafka, registry, namespace } = test;
    await applyTopics({ kafka, registry, namespace, retentionMs: { actions: YEAR } });
    const retention = await followRetention({ kafka, topic: test.topicOf('actions'), fallbackMs: 1, log });
    await applyTopics({ kafka, registry, namespace, retentionMs: { actions: 2 * YEAR } });
    await waitFor(
      async () => {
        await retention.lookAgain();
        return retention.maxAgeMs === 2 * YEAR;
      },
      { message: 'the longer retention counts' },
    );
    retention.close();
  });

  it('is the fallback while the topic cannot be looked up', async () => {
    const retention = await followRetention({
      kafka: test.kafka,
      topic: 'no-such-topic',
      fallbackMs: 17,
      log,
    });
    assert.equal(retention.maxAgeMs, 17);
    retention.close();
  });
});
