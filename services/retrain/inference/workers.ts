import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { InferenceWorkers } from '../config.ts';
import type { InferenceInput } from '../training/infer.ts';
import { workerEnvironment } from './config.ts';
import { type InferenceJob, inferOverLog } from './coordinate.ts';
import type { LatentLog } from './latent-log.ts';
import { startWorker } from './worker.ts';

const WORKER = fileURLToPath(new URL('./main.ts', import.meta.url));
/** How long workers may take to notice the end, which they commit; later ones read the generation again. */
const LEAVE_MS = 5_000;

/** Workers of one inference. */
interface Crew {
  /** Resolves when they have left. */
  leave(): Promise<void>;
}

/**
 * `inferOverLog` with the workers it takes: one in this process, processes of their own, or none where they run elsewhere.
 * @throws TributaryError `training.failed` also where a worker in this process fails, or the last process ends
 */
export async function inferWithWorkers(
  log: LatentLog,
  workers: InferenceWorkers,
  job: InferenceJob,
  input: InferenceInput,
): Promise<Float32Array> {
  const failure = new AbortController();
  const fail = (reason: string, cause?: unknown) =>
    failure.abort(new TributaryError('training.failed', reason, { cause, retryable: true }));
  const crew = await crewOf(log, workers, fail);
  try {
    return await inferOverLog(log, job, input, failure.signal);
  } finally {
    await crew.leave();
  }
}

type Fail = (reason: string, cause?: unknown) => void;

function crewOf(log: LatentLog, workers: InferenceWorkers, fail: Fail): Promise<Crew> | Crew {
  if (workers === 'external') return { leave: async () => undefined };
  return workers === 0 ? workHere(log, fail) : startProcesses(log, workers, fail);
}

async function workHere(log: LatentLog, fail: Fail): Promise<Crew> {
  const ended = Promise.withResolvers<void>();
  const leave = await startWorker({
    log,
    onEnd: ended.resolve,
    onFailure(error) {
      fail(`the inference failed: ${reasonOf(error)}`, error);
      ended.resolve();
    },
  });
  return {
    async leave() {
      await Promise.race([ended.promise, delay(LEAVE_MS, undefined, { ref: false })]);
      await leave();
    },
  };
}

function startProcesses(log: LatentLog, count: number, fail: Fail): Crew {
  const processes = Array.from({ length: count }, () => startWorkerProcess(log));
  const exits = processes.map((process) => exitOf(process));
  void Promise.all(exits).then((how) => fail(`all ${count} inference workers have ended: ${how.join(', ')}`));
  return {
    async leave() {
      await Promise.race([Promise.all(exits), delay(LEAVE_MS, undefined, { ref: false })]);
      for (const process of processes) process.kill('SIGKILL');
      await Promise.all(exits);
    },
  };
}

/** A worker in a process of its own, which ends with the inference. */
export function startWorkerProcess({ address, log }: LatentLog): ChildProcess {
  return fork(WORKER, [], { env: workerEnvironment(address, log.level) });
}

async function exitOf(process: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(process, 'exit');
    return signal ?? `exit code ${code}`;
  } catch (error) {
    return (error as Error).message;
  }
}
