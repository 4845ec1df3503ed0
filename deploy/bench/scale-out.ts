import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl, urlVariable } from '#stages/stages.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { type Fleet, type Member, startFleet } from '../faults/nemesis/fleet.ts';
import { startProxy, type TcpProxy } from '../faults/nemesis/proxy.ts';
import { allReady } from '../faults/nemesis/world.ts';
import { waitForNoLag } from '../faults/no-lag.ts';
import type { Figures } from '../figures/figures.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { freePort } from '../local/ports.ts';
import { startStack } from '../local/stack.ts';
import { createCpuLimits } from './cpu-limit.ts';
import { type App, openApp } from './live/app.ts';
import { closedLoop } from './live/periods.ts';
import { processorTimes, timeAUnit } from './live/processor-time.ts';
import { type BenchWorld, prepareWorld, realWorld } from './live/world.ts';
import type { WatchedProcess } from './memory.ts';
import { readRealWindows } from './windows.ts';

const STAGES = ['gateway', 'interests', 'index', 'propose', 'rerank', 'feedback'] as const;
/** Stages that others, or the app, call. */
const CALLED: ReadonlySet<string> = new Set(['gateway', 'interests', 'index', 'rerank']);
const USERS = 5_000;
/** Small, so that twice the processes with their servers still fit two cores. */
const CORES_A_PROCESS = 0.1;
const ACTIONS = 4_000;
/** Before anything is measured or limited, so that the engine has compiled what a process that has run for a while runs. */
const SETTLING = { actions: 4_000, slateSeconds: 10 } as const;
const SLATE_SECONDS = 20;
const CONNECTIONS = 32;
/** Requests for slates under way, the same for every shape; few, because a process with a tenth of a core must answer each within two seconds. */
const SLATE_CONNECTIONS = [8, 16] as const;
/** Of each chunk between a stage and another one, in either direction, ms. */
const NETWORK_DELAY_MS = 5;
const DRAIN_TIMEOUT_MS = 300_000;
const WAITING_USERS = 'tributary_proposals_waiting_users';

/**
 * Single actions of random users from the gateway until every stage has handled them, and slates, with one and with two
 * processes of each stage, which have handled as many before. Slates are asked for with eight and with sixteen requests under way,
 * and the higher rate counts. Each process may use a tenth of a core, or `cores`, so that the machine has
 * room for twice as many. Kafka, Redis and the load are not limited. Calls between stages are spread over the processes, also with a delayed network.
 */
export async function measure(options: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const cores = Number(options.cores ?? CORES_A_PROCESS);
  if (!(cores >= 0.01 && cores <= 64))
    throw new SetupError(`--cores ${options.cores} is not a share of cores`, 'Give a number such as 0.25');
  const world = await realWorld(await readRealWindows(), USERS);
  const onePerStage = await measureFleet(world, { copies: 1, delayMs: 0, cores });
  const twoPerStage = await measureFleet(world, { copies: 2, delayMs: 0, cores });
  const twoPerStageDelayed = await measureFleet(world, { copies: 2, delayMs: NETWORK_DELAY_MS, cores });
  return {
    onePerStage,
    twoPerStage,
    twoPerStageDelayed,
    actionsRatio: twoPerStage.actionsPerSecond / onePerStage.actionsPerSecond,
    slatesRatio: twoPerStage.slatesPerSecond / onePerStage.slatesPerSecond,
    setting: { coresAProcess: cores, users: USERS, networkDelayMs: NETWORK_DELAY_MS },
  };
}

interface Throughput extends Figures {
  readonly actionsPerSecond: number;
  /** The highest of `slatesByConnections`. */
  readonly slatesPerSecond: number;
  readonly slatesByConnections: readonly SlateRate[];
  readonly slatesFailed: number;
  /** Cores that each process used on average, and all together, while actions were handled and while slates were asked for. */
  readonly coresForActions: Readonly<Record<string, number>>;
  readonly coresForSlates: Readonly<Record<string, number>>;
}

interface SlateRate extends Figures {
  /** Requests under way. */
  readonly connections: number;
  readonly perSecond: number;
  readonly cores: Readonly<Record<string, number>>;
}

interface FleetShape {
  /** Processes of each stage. */
  readonly copies: number;
  readonly delayMs: number;
  /** Of a process. */
  readonly cores: number;
}

async function measureFleet(world: BenchWorld, shape: FleetShape): Promise<Throughput> {
  const { copies, delayMs } = shape;
  console.error(`  ${copies} of each stage, network delay ${delayMs} ms …`);
  return onFleet(world, shape, async ({ app, namespace, limit, processes, nobodyWaits }) => {
    const handle = async (actions: number): Promise<void> => {
      let left = actions;
      const sender = async (): Promise<void> => {
        while (left-- > 0) await app.act(world.crowd.next());
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, sender));
      await noLag(namespace);
      await nobodyWaits();
      // The lists of those who waited are read too.
      await noLag(namespace);
    };
    let slatesFailed = 0;
    const ask = async (): Promise<void> => {
      await app.slate(world.crowd.nextUser()).catch(() => slatesFailed++);
    };
    await handle(SETTLING.actions);
    await closedLoop(Math.max(...SLATE_CONNECTIONS), SETTLING.slateSeconds, ask);
    if (slatesFailed > 0) throw new Error(`${slatesFailed} slates failed before any process was limited`);
    limit();
    const acting = await usedCores(processes(), () => handle(ACTIONS));
    const actionsPerSecond = ACTIONS / acting.seconds;
    const rates: SlateRate[] = [];
    for (const connections of SLATE_CONNECTIONS) {
      const failedBefore = slatesFailed;
      const asking = await usedCores(processes(), () => closedLoop(connections, SLATE_SECONDS, ask));
      const perSecond = asking.result - (slatesFailed - failedBefore) / SLATE_SECONDS;
      rates.push({ connections, perSecond, cores: asking.cores });
    }
    const best = rates.reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
    const slates = rates.map(({ connections, perSecond }) => `${perSecond.toFixed(0)} with ${connections}`);
    console.error(
      `  ${actionsPerSecond.toFixed(0)} actions/s; slates/s: ${slates.join(', ')}; ${slatesFailed} failed`,
    );
    return {
      actionsPerSecond,
      slatesPerSecond: best.perSecond,
      slatesByConnections: rates,
      slatesFailed,
      coresForActions: acting.cores,
      coresForSlates: best.cores,
    };
  });
}

/** @throws Error that names the groups which are behind after five minutes */
async function noLag(namespace: TestNamespace): Promise<void> {
  const behind = await waitForNoLag(namespace, DRAIN_TIMEOUT_MS);
  if (behind.length > 0) throw new Error(behind.join('\n'));
}

/** Does the work, and returns how much of a core each process used meanwhile. */
async function usedCores<T>(processes: readonly WatchedProcess[], work: () => Promise<T>) {
  const before = processorTimes(processes);
  const began = performance.now();
  const result = await work();
  const ms = performance.now() - began;
  return { result, seconds: ms / 1_000, cores: timeAUnit(before, processorTimes(processes), ms) };
}

interface RunningFleet {
  readonly app: App;
  readonly namespace: TestNamespace;
  /** Limits each process to its share of a core. */
  readonly limit: () => void;
  /** Those of the stages and of the servers. */
  readonly processes: () => readonly WatchedProcess[];
  /** Resolves when no user waits for a model in the memory of propose; those who do are no part of the lag. */
  readonly nobodyWaits: () => Promise<void>;
}

/** Starts servers and processes, and stops all after the work. */
async function onFleet<T>(
  world: BenchWorld,
  { copies, delayMs, cores }: FleetShape,
  work: (running: RunningFleet) => Promise<T>,
): Promise<T> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const before = { ...process.env };
  const closing: Array<() => Promise<unknown> | unknown> = [
    () => rmSync(runDirectory, { recursive: true, force: true }),
  ];
  try {
    const stack = await startStack({ runDirectory });
    closing.push(() => stack.stop());
    Object.assign(process.env, stack.env);
    closing.push(() => {
      for (const name of Object.keys(stack.env)) delete process.env[name];
      Object.assign(process.env, before);
    });
    const namespace = await openTestNamespace();
    closing.push(() => namespace.close());
    await namespace.apply();
    await prepareWorld(namespace, world);

    let fleet: Fleet | undefined;
    const members: Member[] = [];
    const balancers = new Map<string, string>();
    const proxies: TcpProxy[] = [];
    closing.push(() => {
      for (const proxy of proxies) proxy.close();
    });
    for (const stage of CALLED) {
      const port = await freePort();
      balancers.set(urlVariable(stage), localUrl(port));
      let turn = 0;
      const proxy = await startProxy(port, () => {
        const own = members.filter((member) => member.stage === stage);
        return fleet?.portOf(own[turn++ % own.length]!.name);
      });
      if (delayMs > 0) proxy.set({ kind: 'delay', ms: delayMs });
      proxies.push(proxy);
    }
    for (const stage of STAGES) {
      for (let copy = 1; copy <= copies; copy++) {
        const env = {
          ...stack.env,
          ...Object.fromEntries(balancers),
          TRIBUTARY_NAMESPACE: namespace.namespace,
          TRIBUTARY_LOG_LEVEL: 'warn',
        };
        members.push({ name: `${stage}-${copy}`, stage, env });
      }
    }
    const onCrash = (name: string, reason: string): void => console.error(`  ${name} ${reason}`);
    fleet = await startFleet({ members, runDirectory, onCrash });
    closing.push(() => fleet.stop());
    await allReady(fleet, members);
    const limits = createCpuLimits();
    closing.push(() => limits.close());
    const limit = (): void => {
      for (const { name } of members) limits.limit(fleet.pidOf(name)!, cores);
    };
    const processes = (): WatchedProcess[] => [
      ...members.map(({ name }) => ({ name, pid: fleet!.pidOf(name)! })),
      ...stack.processes,
    ];
    const nobodyWaits = async (): Promise<void> => {
      const urls = members.filter(({ stage }) => stage === 'propose').map(({ name }) => fleet!.urlOf(name));
      const isDone = async (): Promise<boolean> =>
        (await Promise.all(urls.map(usersWaiting))).every((n) => n === 0);
      await waitFor(isDone, { message: 'no user waits for a model', timeoutMs: DRAIN_TIMEOUT_MS });
    };
    const app = openApp(balancers.get(urlVariable('gateway'))!);
    closing.push(() => app.close());
    return await work({ app, namespace, limit, processes, nobodyWaits });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Users who wait in a process of propose. */
async function usersWaiting(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  if (!text.includes(WAITING_USERS)) throw new Error(`${url} has no metric ${WAITING_USERS}`);
  const waiting = text.matchAll(new RegExp(`^${WAITING_USERS}\\{.*\\} (\\d+)$`, 'gm'));
  return Array.from(waiting, ([, users]) => Number(users)).reduce((sum, users) => sum + users, 0);
}
