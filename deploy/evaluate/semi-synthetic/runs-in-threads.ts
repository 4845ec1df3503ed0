import { Worker } from 'node:worker_threads';
import type { Household } from './households.ts';
import type { JudgedRun } from './judged-run.ts';
import type { Visit } from './learning-run.ts';
import type { RunThreadData, RunVisits } from './run-thread.ts';

const THREAD = new URL('./run-thread.ts', import.meta.url);

/**
 * Runs policies in this number of threads, each with a copy of the households. The results are those of one thread, in the order of the runs.
 * Rejects with the error of a thread; all threads have ended when the promise settles.
 * @param onDone called after each run with the number of those that are done
 */
export async function runInThreads(
  households: readonly Household[],
  runs: readonly JudgedRun[],
  { threads, onDone }: { readonly threads: number; readonly onDone: (run: JudgedRun, done: number) => void },
): Promise<Visit[][]> {
  const results = new Array<Visit[] | undefined>(runs.length);
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: RunThreadData = { households, runs, next };
  let done = 0;
  const workers = Array.from(
    { length: Math.min(threads, runs.length) },
    () => new Worker(THREAD, { workerData }),
  );
  try {
    await Promise.all(
      workers.map((worker) =>
        ended(worker, ({ index, visits }) => {
          results[index] = visits;
          onDone(runs[index]!, ++done);
        }),
      ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results.map((visits, index) => {
    if (visits === undefined) throw new Error(`Run ${index} returned no result`);
    return visits;
  });
}

function ended(worker: Worker, take: (visits: RunVisits) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`A thread of runs ended with exit code ${code}`)),
    );
  });
}
