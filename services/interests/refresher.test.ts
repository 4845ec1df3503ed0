import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createLogger } from '#platform/observability/logger.ts';
import type { Processor } from './processor.ts';
import { Refresher } from './refresher.ts';

type Refresh = Processor['refresh'];

function createRefresher(refresh: Refresh, signal = new AbortController().signal, served = () => 'g1') {
  const failures: unknown[] = [];
  const processor = { refresh, handle: async () => undefined, forgetPartitions: () => undefined };
  const log = createLogger('test', 'silent');
  const refresher = new Refresher({
    processor,
    log,
    signal,
    onFailure: (error) => void failures.push(error),
    usersPerSecond: 100,
    served,
  });
  return { refresher, failures };
}

/** Lets the debounce time pass, and waits for the end of the refresh that it starts. */
async function pass(refresher: Refresher): Promise<void> {
  mock.timers.tick(1_000);
  await refresher.close();
}

/** Runs everything that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe('the refresher', () => {
  mock.timers.enable({ apis: ['setTimeout'] });

  it('many requests start one refresh of the owned partitions', async () => {
    const refreshed: number[] = [];
    const { refresher } = createRefresher(async (partition) => refreshed.push(partition));
    refresher.assign([1, 4]);
    for (let i = 0; i < 100; i++) refresher.request();
    await pass(refresher);
    assert.deepEqual(refreshed, [1, 4]);
  });

  it('a change during a refresh starts the next one after it', async () => {
    let [running, most, runs] = [0, 0, 0];
    const { refresher } = createRefresher(async () => {
      most = Math.max(most, ++running);
      runs += 1;
      if (runs === 1) {
        refresher.request();
        mock.timers.tick(1_000);
      }
      await new Promise(setImmediate);
      running -= 1;
      return 0;
    });
    refresher.assign([0]);
    mock.timers.tick(1_000);
    while (runs < 2) await new Promise(setImmediate);
    await refresher.close();
    assert.deepEqual([runs, most], [2, 1]);
  });

  it('a refresh stops between two partitions when the stage drains', async () => {
    const controller = new AbortController();
    const refreshed: number[] = [];
    const { refresher } = createRefresher(async (partition) => {
      controller.abort();
      return refreshed.push(partition);
    }, controller.signal);
    refresher.assign([0, 1, 2]);
    await pass(refresher);
    assert.deepEqual(refreshed, [0]);
  });

  it('a pause is proportional to the users that a step changed', async () => {
    let steps = 0;
    const { refresher } = createRefresher(async (_partition, _signal, pace) => {
      for (; steps < 2; steps++) await pace(16, 16);
      return 32;
    });
    refresher.assign([0]);
    mock.timers.tick(1_000);
    await settle();
    mock.timers.tick(159);
    await settle();
    assert.equal(steps, 0);
    mock.timers.tick(1);
    await settle();
    assert.equal(steps, 1);
    mock.timers.tick(160);
    await refresher.close();
    assert.equal(steps, 2);
  });

  it('the status counts the examined users, and names the generation of the newest complete refresh', async () => {
    let generation = 'g1';
    const { refresher } = createRefresher(
      async (_partition, _signal, pace) => {
        await pace(1, 20);
        return 1;
      },
      undefined,
      () => generation,
    );
    assert.deepEqual(refresher.status, { served: 'g1', refreshed: null, examined: null });
    refresher.assign([0, 1]);
    assert.deepEqual(refresher.status, { served: 'g1', refreshed: null, examined: 0 });
    mock.timers.tick(1_000);
    await settle();
    assert.deepEqual(refresher.status, { served: 'g1', refreshed: null, examined: 20 });
    generation = 'g2';
    mock.timers.tick(10);
    await settle();
    assert.deepEqual(refresher.status, { served: 'g2', refreshed: null, examined: 40 });
    mock.timers.tick(10);
    await settle();
    assert.deepEqual(refresher.status, { served: 'g2', refreshed: 'g1', examined: null });
    await refresher.close();
  });

  it('a pause ends when the stage drains', async () => {
    const controller = new AbortController();
    const { refresher, failures } = createRefresher(async (_partition, _signal, pace) => {
      await pace(1_000_000, 1_000_000);
      return 1_000_000;
    }, controller.signal);
    refresher.assign([0]);
    mock.timers.tick(1_000);
    await settle();
    controller.abort();
    await refresher.close();
    assert.deepEqual(failures, []);
  });

  it('no refresh begins after close', async () => {
    const { refresher } = createRefresher(async () => assert.fail('it ran'));
    refresher.assign([0]);
    await refresher.close();
    mock.timers.tick(10_000);
    await refresher.close();
  });

  it('an unexpected error is reported to the stage', async () => {
    const error = new Error('redis is gone');
    const { refresher, failures } = createRefresher(() => Promise.reject(error));
    refresher.assign([0]);
    await pass(refresher);
    assert.deepEqual(failures, [error]);
  });
});
