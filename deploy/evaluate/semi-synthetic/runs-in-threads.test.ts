import assert from 'node:assert/strict';
import { test } from 'node:test';
import { someHouseholds } from './households.testing.ts';
import { type JudgedRun, runsFor } from './judged-run.ts';
import { runInThreads } from './runs-in-threads.ts';

const HOUSEHOLDS = someHouseholds(10);
const RUNS: readonly JudgedRun[] = [1, 2, 3].map((seed) => ({
  look: seed === 3 ? 'cascade' : 'none',
  policy: seed === 2 ? 'plackett-luce' : 'thompson',
  seed,
  impressions: 120,
  driftAt: 60,
}));

test('runs in threads give what they give one after another, in their order', async () => {
  const done: number[] = [];
  const visits = await runInThreads(HOUSEHOLDS, RUNS, { threads: 2, onDone: (_, count) => done.push(count) });
  assert.deepEqual(visits, RUNS.map(runsFor(HOUSEHOLDS)));
  assert.deepEqual(done, [1, 2, 3]);
});

test('a run that fails ends all threads with its error', async () => {
  const runs = [{ ...RUNS[0]!, policy: 'neural' }];
  await assert.rejects(runInThreads(HOUSEHOLDS, runs, { threads: 2, onDone: () => undefined }), /neural/);
});
