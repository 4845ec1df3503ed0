import { setTimeout as delay } from 'node:timers/promises';
import type { Inference, InferenceInput } from '../training/infer.ts';
import { type InferenceJob, inferOverLog } from './coordinate.ts';
import type { InferenceLog } from './inference-log.ts';
import { startWorker } from './worker.ts';

/** How long the worker may take to notice the end, which it commits. */
const LEAVE_MS = 5_000;

/** `inferOverLog` with one worker in this process, whose failure it rejects with. */
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
