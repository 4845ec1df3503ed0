import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '#contracts/errors.ts';
import type { DistributedInference } from '../inference/distributed.ts';
import type { EpochReport } from './optimise.ts';
import type { TrainInput, TrainResult } from './train.ts';
import type { TrainerMessage, TrainerTask } from './trainer-messages.ts';

const TRAINER = fileURLToPath(new URL('./trainer-process.ts', import.meta.url));

/** tfjs-node 4.22 calls two deprecated functions of Node; a warning about them would be of no use in the log. */
const QUIET = ['--disable-warning=DEP0044', '--disable-warning=DEP0051'];

/**
 * `trainPinSage` in a child process of lower priority, so that the stage keeps its heartbeat and its memory. Rejects
 * with `training.failed` if the training fails or the process ends without a result, and with the signal's reason if
 * `signal` aborts, which kills the process. The process has ended when the promise settles. With `inference`, the
 * catalogue is embedded by its workers.
 */
export async function trainInChild(
  input: TrainInput,
  onProgress: (report: EpochReport) => void = () => {},
  signal?: AbortSignal,
  inference?: DistributedInference,
): Promise<TrainResult> {
  signal?.throwIfAborted();
  const child = fork(TRAINER, { serialization: 'advanced', execArgv: [...process.execArgv, ...QUIET] });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  try {
    lowerPriority(child);
    return await resultOf(child, { input, inference }, onProgress, ended);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
    await ended;
  }
}

function resultOf(
  child: ChildProcess,
  task: TrainerTask,
  onProgress: (report: EpochReport) => void,
  ended: Promise<string>,
): Promise<TrainResult> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new TributaryError('training.failed', reason, { retryable: true }));
    child.on('message', (message: TrainerMessage) => {
      if (message.kind === 'epoch') onProgress(message.report);
      else if (message.kind === 'trained') resolve(message.result);
      else fail(message.reason);
    });
    child.send(task, (error) => {
      if (error !== null) fail(`The training process did not accept its input: ${error.message}`);
    });
    void ended.then((how) => fail(`The training process ended without a result (${how})`));
  });
}

/** Training yields to the stages that answer users; a process that has already ended needs no priority. */
function lowerPriority({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
