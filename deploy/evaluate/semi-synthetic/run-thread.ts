/** A thread that takes runs until none is left. Only `runInThreads` starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Household } from './households.ts';
import { type JudgedRun, runsFor } from './judged-run.ts';
import type { Visit } from './learning-run.ts';

export interface RunThreadData {
  readonly households: readonly Household[];
  readonly runs: readonly JudgedRun[];
  /** The next run, shared by all threads. */
  readonly next: Int32Array;
}

export interface RunVisits {
  readonly index: number;
  readonly visits: Visit[];
}

const { households, runs, next }: RunThreadData = workerData;
const runOf = runsFor(households);
while (true) {
  const index = Atomics.add(next, 0, 1);
  const run = runs[index];
  if (run === undefined) break;
  parentPort?.postMessage({ index, visits: runOf(run) } satisfies RunVisits);
}
