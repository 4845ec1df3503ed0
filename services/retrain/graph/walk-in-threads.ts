import { Worker } from 'node:worker_threads';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import { RowListsBuilder } from './row-lists.ts';
import type { WalkedItems, WalkItems, WalkJob } from './walk-items.ts';
import type { WalkedChunk, WalkThreadData } from './walk-thread.ts';

const THREAD = new URL('./walk-thread.ts', import.meta.url);
/** Items per chunk: some milliseconds of walks. */
const CHUNK = 256;

/**
 * Walks in this number of threads, which share the graph's memory and live for one job; the event loop stays free.
 * The result does not depend on their number. Rejects with `training.failed` if a thread fails or dies, and with the
 * signal's reason if it aborts; all threads have ended when the promise settles.
 */
export function walkInThreads(threads: number): WalkItems {
  return async (job, signal) => {
    signal?.throwIfAborted();
    const chunkCount = Math.ceil(job.items.length / CHUNK);
    const chunks = new Array<WalkedItems | undefined>(chunkCount);
    const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const workerData: WalkThreadData = { job, chunk: CHUNK, next };
    const workers = Array.from(
      { length: Math.min(threads, chunkCount) },
      () => new Worker(THREAD, { workerData }),
    );
    const terminate = () => Promise.all(workers.map((worker) => worker.terminate()));
    signal?.addEventListener('abort', terminate);
    try {
      await Promise.all(
        workers.map((worker) => ended(worker, ({ index, walked }) => (chunks[index] = walked))),
      );
      return joined(chunks, job);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', terminate);
      await terminate();
    }
  };
}

function ended(worker: Worker, take: (chunk: WalkedChunk) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) =>
      reject(
        new TributaryError('training.failed', `A thread of walks ${reason}`, { cause, retryable: true }),
      );
    worker.on('message', take);
    worker.on('error', (error) => fail(`failed: ${reasonOf(error)}`, error));
    worker.on('exit', (code) => (code === 0 ? resolve() : fail(`ended with exit code ${code}`)));
  });
}

function joined(
  chunks: readonly (WalkedItems | undefined)[],
  { items, options: { size } }: WalkJob,
): WalkedItems {
  const neighbours = new Int32Array(items.length * size);
  const weights = new Float32Array(items.length * size);
  const lists = new RowListsBuilder();
  for (const [index, chunk] of chunks.entries()) {
    if (chunk === undefined)
      throw new TributaryError('training.failed', 'A thread of walks returned no result');
    neighbours.set(chunk.neighbourhoods.neighbours, index * CHUNK * size);
    weights.set(chunk.neighbourhoods.weights, index * CHUNK * size);
    for (let list = 0; list < chunk.drawnFrom.offsets.length - 1; list++) lists.copy(chunk.drawnFrom, list);
  }
  return { neighbourhoods: { size, neighbours, weights }, drawnFrom: lists.build() };
}
