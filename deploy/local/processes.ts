import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SIGNALS } from './foreground.mjs';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM', 'SIGKILL']);
const LAST_LINES = 12;
const POLL_MS = 50;

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Time from SIGTERM to SIGKILL, in milliseconds. Default 15,000. */
  readonly stopTimeoutMs?: number;
  /** Readiness check, called repeatedly until it returns true. A rejection counts as not ready. */
  readonly isReady?: () => Promise<boolean>;
  /** Time allowed to become ready, in milliseconds. Default 60,000. */
  readonly readyTimeoutMs?: number;
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ExitStatus>;
  /**
   * Signals the process and its descendants without waiting. After a terminating signal the exit counts as requested.
   */
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGTERM, then SIGKILL at the deadline; resolves when the process and its descendants have ended. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  /** Folder with logs/NAME.log and pids/NAME.json. */
  readonly runDirectory: string;
  /** Called when a process that was ready exits without a request. */
  readonly onUnexpectedExit?: (error: ProcessFailedError) => void;
}

/** A child process that exited, or did not become ready; the message contains the last lines of its log. */
export class ProcessFailedError extends Error {
  override readonly name = 'ProcessFailedError';
  readonly processName: string;

  constructor(processName: string, what: string, logFile: string) {
    super(`${processName} ${what}. The last lines of ${logFile}:\n${lastLines(logFile)}`);
    this.processName = processName;
  }
}

const supervisors: Supervisor[] = [];
let shuttingDown = false;

/**
 * Runs child processes that never outlive this one. At a signal they are stopped, those of the newest supervisor
 * first. If this process exits for any other reason they are killed. If this process is itself killed, the next
 * supervisor on the same run directory ends them.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #processes = new Map<string, ManagedProcess>();
  #stopped = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    for (const folder of ['logs', 'pids']) mkdirSync(join(options.runDirectory, folder), { recursive: true });
    endAbandoned(options.runDirectory);
    if (supervisors.length === 0) stopWithThisProcess();
    supervisors.push(this);
  }

  get processes(): readonly ManagedProcess[] {
    return [...this.#processes.values()];
  }

  /** Starts a process and waits until it is ready. On failure the process is stopped before the promise rejects. */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const { managed, wasAsked } = await this.#launch(spec);
    await becomeReady(spec, managed, wasAsked);
    void managed.exited.then((status) => {
      if (wasAsked()) return;
      this.#options.onUnexpectedExit?.(new ProcessFailedError(spec.name, describe(status), managed.logFile));
    });
    return managed;
  }

  /** Runs a process to its end. @throws {ProcessFailedError} unless it exits with code 0 */
  async run(spec: ProcessSpec): Promise<void> {
    const { managed } = await this.#launch(spec);
    const status = await managed.exited;
    if (shuttingDown) await new Promise<never>(() => {});
    if (status.code !== 0) throw new ProcessFailedError(spec.name, describe(status), managed.logFile);
  }

  /** Stops all processes in parallel, and starts no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.processes.map((managed) => managed.stop()));
  }

  /** Kills all processes without waiting, because this process is about to exit. */
  killAll(): void {
    for (const managed of this.processes) managed.kill('SIGKILL');
  }

  async #launch(spec: ProcessSpec) {
    if (shuttingDown) await new Promise<never>(() => {});
    if (this.#stopped) throw new Error(`${spec.name} cannot start: its supervisor was stopped`);
    const { runDirectory } = this.#options;
    const logFile = join(runDirectory, 'logs', `${spec.name}.log`);
    const pidFile = join(runDirectory, 'pids', `${spec.name}.json`);
    const child = spawnLogged(spec, logFile);
    if (child.pid === undefined) throw await once(child, 'error').then(([error]) => error as Error);
    // There must be no await between the start of the process and its entry here, or a signal could miss the process.
    const launched = manage(child, child.pid, spec, logFile);
    this.#processes.set(spec.name, launched.managed);
    writePidFile(pidFile, child.pid);
    void launched.managed.exited.then(() => {
      this.#processes.delete(spec.name);
      rmSync(pidFile, { force: true });
    });
    return launched;
  }
}

/**
 * A process group of its own keeps the terminal's Ctrl-C away from the child, so that processes stop in the intended
 * order.
 */
function spawnLogged(spec: ProcessSpec, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log, log],
      ...(spec.env && { env: spec.env }),
      ...(spec.cwd && { cwd: spec.cwd }),
    });
  } finally {
    closeSync(log);
  }
}

function manage(child: ChildProcess, pid: number, spec: ProcessSpec, logFile: string) {
  let asked = false;
  let stopped: Promise<void> | undefined;
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('exit', (code, signal) => {
      // Its own child processes end with it.
      signalGroup(pid, 'SIGKILL');
      resolve({ code, signal });
    });
  });
  const kill = (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    asked ||= ENDING.has(signal);
    signalGroup(pid, signal);
  };
  const stop = async () => {
    kill('SIGTERM');
    const deadline = setTimeout(() => kill('SIGKILL'), spec.stopTimeoutMs ?? 15_000);
    await exited;
    clearTimeout(deadline);
  };
  const managed: ManagedProcess = {
    name: spec.name,
    pid,
    logFile,
    exited,
    kill,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
  return { managed, wasAsked: () => asked };
}

async function becomeReady(
  spec: ProcessSpec,
  managed: ManagedProcess,
  wasAsked: () => boolean,
): Promise<void> {
  const { isReady = async () => true, readyTimeoutMs = 60_000 } = spec;
  const deadline = Date.now() + readyTimeoutMs;
  let ended: ExitStatus | undefined;
  void managed.exited.then((status) => {
    ended = status;
  });
  while (!(await isReady().catch(() => false))) {
    // This process is about to exit: callers that wait for readiness must not report the shutdown as a failure.
    if (shuttingDown) await new Promise<never>(() => {});
    if (ended) {
      throw new ProcessFailedError(
        spec.name,
        wasAsked() ? 'was stopped while it started' : describe(ended),
        managed.logFile,
      );
    }
    if (Date.now() > deadline) {
      await managed.stop();
      throw new ProcessFailedError(
        spec.name,
        `was not ready after ${readyTimeoutMs / 1000} s`,
        managed.logFile,
      );
    }
    await delay(POLL_MS);
  }
}

function stopWithThisProcess(): void {
  process.on('exit', () => {
    for (const supervisor of supervisors) supervisor.killAll();
  });
  for (const signal of SIGNALS) {
    process.on(signal, async () => {
      // npm and a terminal may both deliver the same Ctrl-C; every stop has a deadline, so further signals are
      // ignored.
      if (shuttingDown) return;
      shuttingDown = true;
      for (const supervisor of supervisors.toReversed()) await supervisor.stop();
      process.exit(128 + constants.signals[signal]);
    });
  }
}

interface PidFile {
  readonly process: ProcessIdentity;
  readonly parent: ProcessIdentity;
}

function writePidFile(path: string, pid: number): void {
  const content = { process: identify(pid), parent: identify(process.pid) };
  // A process that has already ended leaves nothing to clean up.
  if (content.process) writeFileSync(path, JSON.stringify(content));
}

/** Ends the processes that a killed parent left running, after checking that each pid is still the same process. */
export function endAbandoned(runDirectory: string): void {
  const pidDirectory = join(runDirectory, 'pids');
  for (const file of existsSync(pidDirectory) ? readdirSync(pidDirectory) : []) {
    const path = join(pidDirectory, file);
    const leftover = JSON.parse(readFileSync(path, 'utf8')) as PidFile;
    if (isRunning(leftover.parent)) continue;
    if (isRunning(leftover.process)) signalGroup(leftover.process.pid, 'SIGKILL');
    // Its ports and files are free only after it has ended.
    while (isRunning(leftover.process)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    rmSync(path);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function describe({ code, signal }: ExitStatus): string {
  return signal ? `was ended by ${signal}` : `exited with code ${code}`;
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}
