import assert from 'node:assert/strict';
import { beforeEach, describe, it, type TestContext } from 'node:test';
import type { Release } from '#contracts/generated/records.ts';
import { someRelease } from './records.testing.ts';
import { generationAt, RetrainingSchedule } from './schedule.ts';

const NOW = Date.parse('2026-11-25T08:30:15.123Z');

/** Trainings that end when the test decides. */
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

/** Runs all pending promises; immediates are not mocked. */
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

  it('a generation is named by the time of its start, so that names sort by time', () => {
    assert.match(schedule.start(), /^20261125T083015123Z-[0-9a-f]{8}$/);
    assert.ok(generationAt(NOW, 0.999) < generationAt(NOW + 1, 0));
    assert.ok('20261125T083015122Z' < generationAt(NOW, 0), 'also beside names without a random part');
    assert.equal(generationAt(NOW, 0), '20261125T083015123Z-00000000');
  });

  it('two trainings that begin in one millisecond have different names', () => {
    assert.notEqual(generationAt(NOW, 0.1), generationAt(NOW, 0.2));
  });

  it('nothing starts while a different process trains, and a conflict names that training', (test) => {
    let holder: string | undefined = 'theirs';
    const { retrain } = trainings;
    schedule = new RetrainingSchedule({ now: Date.now, retrain, onFailure: () => {}, holder: () => holder });
    assert.throws(() => schedule.start(), { code: 'retrain.running', message: /theirs/ });
    schedule.every(1_000, NOW);
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 0);
    holder = undefined;
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 1);
  });

  it('one retraining runs at a time, and a conflict names the running one', async () => {
    const generation = schedule.start();
    assert.deepEqual(schedule.status, { running: generation, last: null });
    assert.throws(() => schedule.start(), { code: 'retrain.running', status: 409 });
    await trainings.end('rejected', 'worse');
    assert.deepEqual(schedule.status, {
      running: null,
      last: { generation, state: 'rejected', reason: 'worse', without: {} },
    });
    assert.equal(trainings.started.length, 1);
  });

  it('a failure is reported, and the schedule continues', async () => {
    const generation = schedule.start();
    await trainings.fail('out of memory');
    assert.deepEqual(trainings.failures, [generation]);
    assert.deepEqual(schedule.status.last, {
      generation,
      state: 'rejected',
      reason: 'out of memory',
      without: {},
    });
    schedule.start();
    await trainings.end();
    assert.equal(schedule.status.last?.state, 'ready');
  });

  it('a retraining starts an interval after the last one, and again after each interval', async (test) => {
    schedule.every(1_000, NOW - 400);
    test.mock.timers.tick(599);
    assert.equal(trainings.started.length, 0);
    test.mock.timers.tick(1);
    assert.equal(trainings.started.length, 1);
    await trainings.end();
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 2);
  });

  it('a retraining starts at once if the interval has passed, and never later than an interval from now', (test) => {
    schedule.every(1_000, NOW - 5_000);
    test.mock.timers.tick(0);
    assert.equal(trainings.started.length, 1);
  });

  it('a clock that was ahead does not delay a retraining by more than an interval', (test) => {
    schedule.every(1_000, NOW + 1_000_000);
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 1);
  });

  it('a scheduled retraining is skipped while one is running', async (test) => {
    schedule.every(1_000, NOW);
    test.mock.timers.tick(3_000);
    assert.equal(trainings.started.length, 1);
    await trainings.end();
    test.mock.timers.tick(1_000);
    assert.equal(trainings.started.length, 2);
  });

  it('an interval of 0 retrains only on demand', (test) => {
    schedule.every(0, NOW - 1_000_000);
    test.mock.timers.tick(10_000_000);
    assert.equal(trainings.started.length, 0);
  });

  it('close waits for the running retraining, and starts no more', async (test) => {
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
