import { type Comparison, settleAndCompare } from '../nemesis/compare.ts';
import { comesBack, recovered } from '../nemesis/recovery.ts';
import { type NemesisWorld, openWorld } from '../nemesis/world.ts';

export interface DrainOptions {
  readonly seed: string;
  /** Number of SIGTERMs of each stage. */
  readonly terms: number;
  /** Processes of each stage; two or more, so that another one answers meanwhile. */
  readonly copies: number;
  readonly stages: readonly string[];
  readonly log: (line: string) => void;
}

export interface DrainResult extends Comparison {
  /** SIGTERMs by stage. */
  readonly terms: Readonly<Record<string, number>>;
  readonly slateRequests: number;
  /** Requests for slates without an answer, and tries to post an action that were not acknowledged. */
  readonly failedSlates: number;
  readonly failedActions: number;
  readonly acknowledged: number;
  /** Drains that met their deadline. */
  readonly lateDrains: number;
  readonly crashes: number;
  /** From SIGTERM to the end of the process. */
  readonly drainSeconds: { readonly p50: number; readonly most: number };
  /** Why requests failed, with their numbers. */
  readonly reasons: ReadonlyMap<string, number>;
}

const ACTIONS_PER_SECOND = 20;
const SLATES_PER_SECOND = 10;
/** Long, because a busy machine is no fault of a drain; a process that closes a connection is noticed at once. */
const REQUEST_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 60_000;

/** Ends processes as an orchestrator does, each when the one before is back, and compares what remains with what the log determines. */
export async function runDrains(options: DrainOptions): Promise<DrainResult> {
  const { seed, terms, copies, stages, log } = options;
  const world = await openWorld({
    seed,
    copies,
    actionsPerSecond: ACTIONS_PER_SECOND,
    slatesPerSecond: SLATES_PER_SECOND,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    onCrash: (name, reason) => log(`${name}: ${reason}`),
  });
  try {
    await recovered(world, 'before');
    const { counts } = world.load;
    const before = { slates: counts.failedSlates, actions: counts.failedActions };
    counts.reasons.clear();
    const seconds: number[] = [];
    for (const stage of stages) {
      const failedBefore = counts.failedSlates + counts.failedActions;
      for (let term = 0; term < terms; term++)
        seconds.push(await drainOne(world, `${stage}-${(term % copies) + 1}`));
      log(
        `${terms} SIGTERMs of ${stage}: ${counts.failedSlates + counts.failedActions - failedBefore} requests failed`,
      );
    }
    await recovered(world, 'after');
    const failed = {
      failedSlates: counts.failedSlates - before.slates,
      failedActions: counts.failedActions - before.actions,
    };
    const compared = await settleAndCompare(world);
    seconds.sort((a, b) => a - b);
    return {
      ...compared,
      ...failed,
      terms: Object.fromEntries(stages.map((stage) => [stage, terms])),
      slateRequests: counts.slateRequests,
      acknowledged: world.load.acknowledged.length,
      lateDrains: world.fleet.counts.lateDrains,
      crashes: world.fleet.counts.crashes,
      drainSeconds: { p50: seconds[seconds.length >> 1] ?? 0, most: seconds.at(-1) ?? 0 },
      reasons: counts.reasons,
    };
  } finally {
    await world.close();
  }
}

/** @returns seconds from SIGTERM to the end of the process, which is back when this resolves */
async function drainOne({ fleet }: NemesisWorld, name: string): Promise<number> {
  const pid = fleet.pidOf(name);
  const began = performance.now();
  fleet.signal(name, 'SIGTERM');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${name} did not end within ${END_TIMEOUT_MS / 1_000} s of SIGTERM`)),
      END_TIMEOUT_MS,
    );
  });
  await Promise.race([fleet.ended(name), late]).finally(() => clearTimeout(timer));
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  await comesBack(fleet, name, pid);
  return seconds;
}
