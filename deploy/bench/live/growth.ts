import type { Figures } from '../../figures/figures.ts';
import { watchMemory } from '../memory.ts';
import type { RealWindows } from '../windows.ts';
import { measurePeriods } from './periods.ts';
import { onWorld, syntheticWorld } from './world.ts';

/** The smallest world, then one with more of either. */
const WORLDS = [
  { users: 1_000, items: 10_000 },
  { users: 1_000_000, items: 10_000 },
  { users: 1_000, items: 200_000 },
] as const;
const ACTIONS_A_SECOND = 200;

/**
 * The same loads on worlds of different sizes: freshness and processor time at 200 actions a second, slates at 500 a second,
 * and the memory of each process.
 * @param share of the numbers of users, above 0 and at most 1
 */
export async function measureGrowth(real: RealWindows, seconds: number, share: number): Promise<Figures[]> {
  const rows: Figures[] = [];
  for (const size of WORLDS) {
    const users = Math.max(1_000, Math.round(size.users * share));
    const world = syntheticWorld(real, users, size.items);
    const figures = await onWorld(world, async ({ path, servers, app, world: { crowd } }) => {
      const memory = watchMemory(() => [...path.stages.processes, ...servers.processes]);
      const periods = measurePeriods(path, servers, app, crowd);
      await periods.settle();
      const { p50, p99, timedOut, cpuMsAnAction, lagAtEnd } = await periods.actions(
        ACTIONS_A_SECOND,
        seconds,
      );
      const slates = await periods.slates(seconds);
      memory.stop();
      return { p50, p99, timedOut, cpuMsAnAction, lagAtEnd, slates, peakMib: memory.peaks };
    });
    rows.push({ users, items: size.items, ...figures });
  }
  return rows;
}
