import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { localUrl } from '#stages/stages.ts';
import { freePort } from '../../local/ports.ts';
import { type ManagedProcess, Supervisor } from '../../local/processes.ts';
import { stageArguments } from '../../local/stage-launch.ts';
import { exitLines } from './exit-lines.ts';
import { PROCESS_PLANTS } from './plants.ts';

/** A process of a stage that is to run. */
export interface Member {
  /** Such as interests-1. */
  readonly name: string;
  readonly stage: string;
  readonly env: NodeJS.ProcessEnv;
}

/** How often processes ended, by reason. */
export interface FleetCounts {
  /** Starts after the first of each process. */
  restarts: number;
  /** Exits with another code than 0 that nobody had asked for. */
  crashes: number;
  /** Exits with another code than 0 after SIGTERM: the drain met its deadline, as it may while a fault holds it up. */
  lateDrains: number;
}

/** Processes of stages that are started again whenever they end, as an orchestrator does. */
export interface Fleet {
  readonly counts: Readonly<FleetCounts>;
  /** Address of a process. */
  urlOf(name: string): string;
  portOf(name: string): number;
  /** Undefined while the process is just being started again. */
  pidOf(name: string): number | undefined;
  /** Whether the process answered `/readyz` with 200 lately. */
  isReady(name: string): boolean;
  /** Sends a signal; nothing happens if the process is just being started again. */
  signal(name: string, signal: NodeJS.Signals): void;
  /** Sets the shift of the clock of a process from its next start on, in milliseconds. */
  shiftClock(name: string, ms: number): void;
  /** Resolves when the process that runs now has ended, or at once if none runs. */
  ended(name: string): Promise<void>;
  stop(): Promise<void>;
}

const RESTART_MS = 500;
const HEALTH_MS = 300;
const READY_TIMEOUT_MS = 180_000;
/** Longer than the drain deadline of a stage. */
const STOP_TIMEOUT_MS = 25_000;
const PLANT = new URL('./plant.mjs', import.meta.url).href;
const SHIFT_CLOCK = new URL('./shift-clock.mjs', import.meta.url).href;

/** Starts the processes, and keeps them running. @param onExit is told of exits with another code than 0 */
export async function startFleet(options: {
  readonly members: readonly Member[];
  readonly runDirectory: string;
  /** A bug of `plants.ts` that the stages get which it names. */
  readonly plant?: string | undefined;
  readonly onCrash: (name: string, reason: string) => void;
}): Promise<Fleet> {
  const { members, runDirectory, plant, onCrash } = options;
  const supervisor = new Supervisor({ runDirectory });
  const counts: FleetCounts = { restarts: 0, crashes: 0, lateDrains: 0 };
  const ports = new Map<string, number>();
  for (const { name } of members) ports.set(name, await freePort());
  const shifts = new Map<string, number>();
  const ready = new Set<string>();
  const stopping = new AbortController();
  /** Processes that were sent SIGTERM. */
  const asked = new Set<string>();

  const find = (name: string): ManagedProcess | undefined =>
    supervisor.processes.find((managed) => managed.name === name);
  const portOf = (name: string): number => ports.get(name)!;

  async function run(member: Member): Promise<void> {
    const { name, stage, env } = member;
    const managed = await supervisor.start({
      name,
      command: process.execPath,
      args: [
        ...clockArguments(shifts.get(name) ?? 0),
        ...plantArguments(plant, stage),
        ...stageArguments(stage),
      ],
      env: { ...process.env, ...env, TRIBUTARY_STAGE_PORT: String(portOf(name)) },
      stopTimeoutMs: STOP_TIMEOUT_MS,
      readyTimeoutMs: READY_TIMEOUT_MS,
      // Readiness is watched below: a start under faults may take long, and the process may be hurt meanwhile.
    });
    const { code, signal } = await managed.exited;
    ready.delete(name);
    const wasAsked = asked.delete(name);
    if (code !== 0 && signal === null && wasAsked) counts.lateDrains++;
    else if (code !== 0 && signal === null) {
      counts.crashes++;
      const lines = exitLines(readFileSync(managed.logFile, 'utf8'));
      onCrash(name, [`exited with code ${code}; its log ends with`, ...lines].join('\n    '));
    }
  }

  async function keep(member: Member): Promise<void> {
    while (!stopping.signal.aborted) {
      await run(member).catch((error: unknown) => onCrash(member.name, String(error)));
      if (stopping.signal.aborted) return;
      counts.restarts++;
      await delay(RESTART_MS);
    }
  }

  async function watch(name: string): Promise<void> {
    while (!stopping.signal.aborted) {
      if (await answersReady(portOf(name))) ready.add(name);
      else ready.delete(name);
      await delay(HEALTH_MS);
    }
  }

  const kept = members.map(keep);
  const watched = members.map(({ name }) => watch(name));
  return {
    counts,
    portOf,
    pidOf: (name) => find(name)?.pid,
    urlOf: (name) => localUrl(portOf(name)),
    isReady: (name) => ready.has(name),
    signal(name, signal) {
      if (signal === 'SIGTERM' && find(name) !== undefined) asked.add(name);
      find(name)?.kill(signal);
    },
    shiftClock: (name, ms) => void shifts.set(name, ms),
    ended: async (name) => void (await find(name)?.exited),
    async stop() {
      stopping.abort();
      await supervisor.stop();
      await Promise.all([...kept, ...watched]);
    },
  };
}

function clockArguments(ms: number): string[] {
  return ms === 0 ? [] : ['--import', `${SHIFT_CLOCK}?ms=${ms}`];
}

function plantArguments(plant: string | undefined, stage: string): string[] {
  const isMeant = plant !== undefined && PROCESS_PLANTS[plant]?.stages.includes(stage);
  return isMeant ? ['--import', `${PLANT}?name=${plant}`] : [];
}

async function answersReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`${localUrl(port)}/readyz`, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
