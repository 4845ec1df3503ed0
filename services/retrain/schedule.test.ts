import assert from 'node:assert/strict';
import { beforeEach, describe, it, type TestContext } from 'node:test';
import type { Release } from '#contracts/generated/records.ts';
import { someRelease } from './records.testing.ts';
import { generationAt, RetrainingSchedule } from './schedule.ts';

const NOW = Date.parse('2026-11-25T08:30:15.123Z');

/** Trainings that end when the test says so. */
class Trainings {
  readonly started: string[] = [];
  readonly failures: string[] = [];
  #settle: PromiseWithResolvers<Release> | undefined;

  readonly retrain = (generation: string): Promise<Release> => {
    this.started.push(generation);
    this.#settle = Promise.withResolvers();
    return this.#settle.promise;
  };

  async end(state: Release['state'] = 'ready', reason: string | null = null): Promise<void> {
    this.#settle!.resolve(someRelease(this.started.at(-1)!, state, { reason }));
    await settled();
  }

  async fail(reason: string): Promise<void> {
    this.#settle!.reject(new Error(reason));
    await settled();
  }
}

/** Lets everything that waits for a promise go on; immediates are not mocked. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the schedule of retrainings', () => {
  let trainings: Trainings;
  let schedule: RetrainingSchedule;

  beforeEach((test) => {
    (test as TestContext).mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOW });
    trainings = new Trainings();
    schedule = new RetrainingSchedule({
      now: Date.now,
      retrain: trainings.retrain,
      onFailure: (generation) => void trainings.failures.push(generation),
    });
  });

  it('names a generation by the time of its start, so that it sorts by it', () => {
    assert.equal(schedule.start(), '20261125T083015123Z');
    assert.ok(generationAt(NOW) < generationAt(NOW + 1));
  });

  it('runs one at a time and says which', async () => {
    const generation = schedule.start();
    assert.deepEqual(schedule.status, { running: generation, last: null });
    assert.throws(() => schedule.start(), { code: 'retrain.running', status: 409 });
    await trainings.end('rejected', 'worse');
    assert.deepEqual(schedule.status, {
      running: null,
      last: { generation, state: 'rejected', reason: 'worse' },
    });
    assert.equal(trainings.started.length, 1);
  });

  it('goes on after a failure, which it reports', async () => {
    const generation = schedule.start();
    await trainings.fail('out of memory');
    assert.deepEqual(trainings.failures, [generation]);
    assert.deepEqual(schedule.status.last, { generation, state: 'rejected', reason: 'out of memory' });
    schedule.start();
    await trainings.end();
    assert.equal(schedule.status.last?.state, 'ready');
  });

  it('retrains an interval after the last training, and then on', async (test) => {
    schedule.every(1_000, NOW - 400);
    test.mock.timers.tick(599);
    assert.equal(trainings.started.length, 0);
    test.mock.timers.tick(1);
    assert.equal(trainings.started.length, 1);
    await trainings.end();
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 2);
  });

  it('retrains at once where the interval is over, and never later than an interval from now', (test) => {
    schedule.every(1_000, NOW - 5_000);
    test.mock.timers.tick(0);
    assert.equal(trainings.started.length, 1);
  });

  it('waits no longer than an interval, though a clock was ahead', (test) => {
    schedule.every(1_000, NOW + 1_000_000);
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 1);
  });

  it('leaves out the turn that finds one running', async (test) => {
    schedule.every(1_000, NOW);
    test.mock.timers.tick(3_000);
    assert.equal(trainings.started.length, 1);
    await trainings.end();
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 2);
  });

  it('retrains only on demand where the interval is 0', (test) => {
    schedule.every(0, NOW - 1_000_000);
    test.mock.timers.tick(10_000_000);
    assert.equal(trainings.started.length, 0);
  });

  it('closes when the running one has ended, and starts no more', async (test) => {
    schedule.every(1_000, NOW);
    test.mock.timers.tick(1_000);
    let closed = false;
    const closing = schedule.close().then(() => {
      closed = true;
    });
    await settled();
    assert.equal(closed, false);
    await trainings.end();
    await closing;
    test.mock.timers.tick(10_000);
    assert.equal(trainings.started.length, 1);
  });
});
