import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatasetAction } from '../data/dataset.ts';
import type { ReceivedSlate } from '../data/gateway.ts';
import { createFreshnessProbe } from './freshness.ts';

const action = (itemId: string): DatasetAction => ({
  eventId: itemId,
  userId: 'u',
  itemId,
  type: 'buy',
  occurredAt: 0,
});

/**
 * A gateway whose slates reflect `version(now)`, 5 ms per request, on a clock that advances only by requests and
 * sleeps.
 */
function world(version: (now: number) => number | undefined, indexed: readonly string[] = ['known']) {
  let now = 0;
  const asked: string[] = [];
  const gateway = {
    isIndexed: async (itemId: string) => {
      asked.push(itemId);
      return indexed.includes(itemId);
    },
    recommend: async (userId: string): Promise<ReceivedSlate> => {
      now += 5;
      const interestsVersion = version(now);
      if (interestsVersion === undefined) throw new Error('unavailable');
      return { slateId: 's', userId, policy: 'p', generation: 'g', interestsVersion, items: [] };
    },
  };
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  return { gateway, clock, asked };
}

test('the time is measured from the 202 to the arrival of the slate that reflects the action', async () => {
  const { gateway, clock } = world((now) => (now >= 50 ? 7 : 6));
  const probe = createFreshnessProbe({ gateway, clock });
  probe.consider(action('known'), 7);
  await probe.settled();
  // Requested at 0, 15, 30 and 45; the last response arrives at 50.
  assert.deepEqual(probe.report(), { p50: 50, p99: 50, max: 50, count: 1, timedOut: 0, skipped: 0 });
});

test('a slate that never arrives, or always fails, counts as timed out and is in no quantile', async () => {
  for (const version of [() => 6, () => undefined]) {
    const { gateway, clock } = world(version);
    const probe = createFreshnessProbe({ gateway, clock, timeoutMs: 100 });
    probe.consider(action('known'), 7);
    await probe.settled();
    assert.deepEqual(probe.report(), { p50: null, p99: null, max: null, count: 0, timedOut: 1, skipped: 0 });
  }
});

test('an item that the index does not hold is skipped, counted, and looked up once', async () => {
  const { gateway, clock, asked } = world(() => 7);
  const probe = createFreshnessProbe({ gateway, clock, intervalMs: 0 });
  for (let offset = 0; offset < 3; offset++) {
    probe.consider(action('unknown'), offset);
    await probe.settled();
  }
  assert.equal(probe.report().skipped, 3);
  assert.deepEqual(asked, ['unknown']);
});

test('actions within the interval after a probe are not probed', async () => {
  const { gateway, clock } = world(() => 7);
  const probe = createFreshnessProbe({ gateway, clock, intervalMs: 100 });
  for (let round = 0; round < 25; round++) {
    probe.consider(action('known'), 0);
    await clock.sleep(10);
  }
  await probe.settled();
  assert.equal(probe.report().count, 3);
});
