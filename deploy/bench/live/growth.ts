import type { Figures } from '../../figures/figures.ts';
import { watchMemory } from '../memory.ts';
import type { RealWindows } from '../windows.ts';
import { measurePeriods } from './periods.ts';
import { onWorld, syntheticWorld } from './world.ts';

export interface WorldSize {
  readonly users: number;
  readonly items: number;
}

/** The smallest world, then one with more of either. */
export const GROWING_WORLDS: readonly WorldSize[] = [
  { users: 1_000, items: 10_000 },
  { users: 1_000_000, items: 10_000 },
  { users: 1_000, items: 200_000 },
];
const ACTIONS_A_SECOND = 200;

/**
 * The same loads on worlds of different sizes: freshness and processor time at 200 actions a second, slates at 500 a second,
 * and the memory of each process.
 */
export async function measureGrowth(
  real: RealWindows,
  seconds: number,
  sizes: readonly WorldSize[],
): Promise<Figures[]> {
  const rows: Figures[] = [];
  for (const size of sizes) {
    const began = performance.now();
    const world = syntheticWorld(real, size.users, size.items);
    const figures = await onWorld(world, async ({ path, servers, app, world: { crowd } }) => {
      const setUpSeconds = (performance.now() - began) / 1_000;
      const memory = watchMemory(() => [...path.stages.processes, ...servers.processes]);
      const periods = measurePeriods(path, servers, app, crowd);
      await periods.settle();
      const { p50, p99, timedOut, cpuMsAnAction, lagAtEnd } = await periods.actions(
        ACTIONS_A_SECOND,
        seconds,
      );
      const slates = await periods.slates(seconds);
      memory.stop();
      return { setUpSeconds, p50, p99, timedOut, cpuMsAnAction, lagAtEnd, slates, peakMib: memory.peaks };
    });
    rows.push({ ...size, ...figures });
  }
  return rows;
}
