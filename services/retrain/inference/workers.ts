import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '#contracts/errors.ts';
import type { InferenceWorkers } from '../config.ts';
import type { Inference, InferenceInput } from '../training/infer.ts';
import { workerEnvironment } from './config.ts';
import { type InferenceJob, inferOverLog } from './coordinate.ts';
import type { InferenceLog } from './inference-log.ts';

const WORKER = fileURLToPath(new URL('./main.ts', import.meta.url));
/**
 * Longest time in which workers read and commit the end message, ms. Without that commit a worker that starts later reads the
 * generation again.
 */
const LEAVE_MS = 5_000;

/** Workers of one inference. */
interface Crew {
  /** Resolves when they have left. */
  leave(): Promise<void>;
}

/**
 * Runs `inferOverLog` and starts its worker processes, or none if `workers` is `external`.
 * @param workers at least 1, or external
 * @throws TributaryError `training.failed` also when the last process exits
 */
export async function inferWithWorkers(
  log: InferenceLog,
  workers: InferenceWorkers,
  job: InferenceJob,
  input: InferenceInput,
): Promise<Inference> {
  const failure = new AbortController();
  const fail = (reason: string) =>
    failure.abort(new TributaryError('training.failed', reason, { retryable: true }));
  const crew = crewOf(log, workers, fail);
  try {
    return await inferOverLog(log, job, input, failure.signal);
  } finally {
    await crew.leave();
  }
}

type Fail = (reason: string) => void;

function crewOf(log: InferenceLog, workers: InferenceWorkers, fail: Fail): Crew {
  return workers === 'external' ? { leave: async () => undefined } : startProcesses(log, workers, fail);
}

function startProcesses(log: InferenceLog, count: number, fail: Fail): Crew {
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

/** Starts a worker process, which exits at the end of the inference. */
export function startWorkerProcess({ address, log }: InferenceLog): ChildProcess {
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
