import { setTimeout as delay } from 'node:timers/promises';
import type { Inference, InferenceInput } from '../training/infer.ts';
import { type InferenceJob, inferOverLog } from './coordinate.ts';
import type { InferenceLog } from './inference-log.ts';
import { startWorker } from './worker.ts';

/** Time in which the worker reads the end and commits it. */
const LEAVE_MS = 5_000;

/** Calls `inferOverLog` with one worker in this process. Rejects with the failure of the worker. */
export async function inferWithWorkerHere(
  log: InferenceLog,
  job: InferenceJob,
  input: InferenceInput,
): Promise<Inference> {
  const failure = new AbortController();
  const ended = Promise.withResolvers<void>();
  const leave = await startWorker({
    log,
    onEnd: ended.resolve,
    onFailure(error) {
      failure.abort(error);
      ended.resolve();
    },
  });
  try {
    return await inferOverLog(log, job, input, failure.signal);
  } finally {
    await Promise.race([ended.promise, delay(LEAVE_MS, undefined, { ref: false })]);
    await leave();
  }
}
