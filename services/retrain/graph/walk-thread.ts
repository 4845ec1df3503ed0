/** A thread that takes chunks of a job's items until none is left. Only `walkInThreads` starts it. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createItemWalks, type WalkedItems, type WalkJob } from './walk-items.ts';

export interface WalkThreadData {
  readonly job: WalkJob;
  readonly chunk: number;
  /** The next chunk, shared by all threads. */
  readonly next: Int32Array;
}

export interface WalkedChunk {
  readonly index: number;
  readonly walked: WalkedItems;
}

const { job, chunk, next }: WalkThreadData = workerData;
// On Linux this sets the priority of the thread; elsewhere it would set that of the stage.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const walk = createItemWalks(job);
while (true) {
  const index = Atomics.add(next, 0, 1);
  const from = index * chunk;
  if (from >= job.items.length) break;
  const walked = walk(from, Math.min(from + chunk, job.items.length));
  parentPort?.postMessage({ index, walked } satisfies WalkedChunk);
}
