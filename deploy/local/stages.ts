import { freePort } from './ports.ts';
import { type ManagedProcess, type ProcessFailedError, Supervisor } from './processes.ts';
import { type StageSources, stageArguments } from './stage-launch.ts';

/** A stage drains for up to 20 s by default (TRIBUTARY_DRAIN_DEADLINE_MS) before it exits by itself. */
const STOP_TIMEOUT_MS = 25_000;
const READY_TIMEOUT_MS = 120_000;

export interface StagesOptions {
  readonly names: readonly string[];
  /** Settings of every stage in addition to this process's environment: addresses, namespace and so on. */
  readonly env: NodeJS.ProcessEnv;
  /** HTTP port of each stage. Default: a free port. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Folder for logs/NAME.log; may be the stack's. */
  readonly runDirectory: string;
  /** Folder and rows of the stages. Default: the project's own. */
  readonly sources?: StageSources;
  /** Longest time until a stage is ready, ms; default 120,000. */
  readonly readyTimeoutMs?: number | undefined;
  /** Called when a stage that was ready exits without a request. */
  readonly onExit?: (error: ProcessFailedError) => void;
}

export interface Stages {
  readonly ports: Readonly<Record<string, number>>;
  readonly processes: readonly ManagedProcess[];
  /** Stops the stage if it runs, starts it on the same port and waits until it is ready. */
  restart(name: string): Promise<void>;
  /** Sends a signal without waiting for its effect; for SIGKILL and SIGTERM onExit is not called. */
  kill(name: string, signal: NodeJS.Signals): void;
  /** Sends SIGTERM to all stages; resolves when all have drained and exited. */
  stop(): Promise<void>;
}

/**
 * Starts stages, each as a Node process of its own, and waits until `GET /readyz` of each answers 200.
 *
 * @throws {ProcessFailedError} for a stage that exits or is not ready in time, with the end of its log
 */
export async function startStages(options: StagesOptions): Promise<Stages> {
  const { names, env, runDirectory, onExit, readyTimeoutMs = READY_TIMEOUT_MS } = options;
  const supervisor = new Supervisor({ runDirectory, ...(onExit && { onUnexpectedExit: onExit }) });
  const ports: Record<string, number> = {};
  for (const name of names) ports[name] = options.ports?.[name] ?? (await freePort());

  const start = (name: string) =>
    supervisor.start({
      name,
      command: process.execPath,
      args: stageArguments(name, options.sources),
      env: { ...process.env, ...env, TRIBUTARY_STAGE_PORT: String(ports[name]) },
      stopTimeoutMs: STOP_TIMEOUT_MS,
      readyTimeoutMs,
      isReady: () => isReady(ports[name]!),
    });
  const find = (name: string) => supervisor.processes.find((managed) => managed.name === name);

  try {
    await Promise.all(names.map(start));
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return {
    ports,
    get processes() {
      return supervisor.processes;
    },
    async restart(name) {
      await find(name)?.stop();
      await start(name);
    },
    kill: (name, signal) => find(name)?.kill(signal),
    stop: () => supervisor.stop(),
  };
}

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}
