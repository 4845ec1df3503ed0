import type { Figures } from '../../figures/figures.ts';
import { watchMemory } from '../memory.ts';
import type { RealWindows } from '../windows.ts';
import { keepRow } from './kept-rows.ts';
import { measurePeriods } from './periods.ts';
import { onWorld, type RunningWorld, syntheticWorld } from './world.ts';

export interface WorldSize {
  readonly users: number;
  readonly items: number;
}

/** The smallest world, then one with more of either. */
export const GROWING_WORLDS: readonly WorldSize[] = [
  { users: 1_000, items: 10_000 },
  { users: 1_000, items: 200_000 },
  { users: 1_000_000, items: 10_000 },
];
const ACTIONS_A_SECOND = 200;
/** Actions of a window: the median of real ones, so that a million users fit into the memory of one machine. */
const MOST_ACTIONS = 84;
/** What a user takes in Redis, and what all else takes, MiB. A machine without so much would end processes at random. */
const NEEDED_MIB = { aUser: 0.011, all: 7_000 } as const;
/** Memory of a process with many GB takes long to read. */
const MEMORY_EVERY_MS = 5_000;

/**
 * The same loads on worlds of different sizes: freshness and processor time at 200 actions a second, slates at 500 a second,
 * and the memory of each process. A world that fails, or that the machine has no memory for, says so in its row, and the next one follows.
 * @param seconds of each load
 */
export async function measureGrowth(
  real: RealWindows,
  seconds: number,
  sizes: readonly WorldSize[],
): Promise<Figures[]> {
  const rows: Figures[] = [];
  for (const size of sizes) {
    const row = { ...size, ...(await measureWorld(real, seconds, size)) };
    keepRow('growth', row);
    rows.push(row);
  }
  return rows;
}

async function measureWorld(real: RealWindows, seconds: number, size: WorldSize): Promise<Figures> {
  const neededMib = Math.round(NEEDED_MIB.all + NEEDED_MIB.aUser * size.users);
  const freeMib = Math.floor(process.availableMemory() / 2 ** 20);
  if (freeMib < neededMib) return { skipped: `${neededMib} MiB are needed, and ${freeMib} are available` };
  const began = performance.now();
  const since = (): number => Math.round((performance.now() - began) / 1_000);
  try {
    const world = syntheticWorld(real, size, MOST_ACTIONS);
    return await onWorld(world, (running) => {
      const setUpSeconds = since();
      console.error(`  ${size.users} users and ${size.items} items run after ${setUpSeconds} s`);
      return measureLoads(running, seconds, setUpSeconds);
    });
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error), afterSeconds: since() };
  }
}

async function measureLoads(
  { path, servers, app, world: { crowd } }: RunningWorld,
  seconds: number,
  setUpSeconds: number,
): Promise<Figures> {
  const memory = watchMemory(() => [...path.stages.processes, ...servers.processes], MEMORY_EVERY_MS);
  try {
    const periods = measurePeriods(path, servers, app, crowd);
    await periods.settle();
    const { p50, p99, timedOut, cpuMsAnAction, lagAtEnd } = await periods.actions(ACTIONS_A_SECOND, seconds);
    const slates = await periods.slates(seconds);
    return { setUpSeconds, p50, p99, timedOut, cpuMsAnAction, lagAtEnd, slates, peakMib: memory.peaks };
  } finally {
    memory.stop();
  }
}
