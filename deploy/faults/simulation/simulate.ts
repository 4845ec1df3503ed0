import { createRandom } from '#algorithms/random.ts';
import { planFaults } from './chaos.ts';
import { noPlant, type Scenario, type Seam } from './scenario.ts';
import { installVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

const CHAOS_MS = 60_000;
const PARTITIONS = 2;

export interface SimulationResult {
  /** What is not as it should be, in words; empty if all is. */
  readonly differences: readonly string[];
  /** The faults and their times. */
  readonly story: readonly string[];
  readonly events: number;
  /** How often a process ended. */
  readonly restarts: number;
}

/** Runs one scenario with the faults and inputs that the seed determines. */
export async function simulate(
  scenario: Scenario,
  seed: number,
  seam: Seam = noPlant,
): Promise<SimulationResult> {
  const random = createRandom(`${scenario.name} ${seed}`);
  const world = new World(random.fork('world'), PARTITIONS);
  const restoreTime = installVirtualTime(world.scheduler);
  const restoreRejections = giveRejectionsTo((error) => world.scheduler.current?.fail(error));
  let check: () => Promise<string[]>;
  const differences: string[] = [];
  try {
    for (const topic of scenario.topics) world.broker.create(topic);
    const until = world.scheduler.now + CHAOS_MS;
    check = await scenario.begin({ world, random: random.fork('inputs'), seam, until });
    planFaults(world, scenario, random.fork('faults'), until);
    await world.scheduler.runUntil(until + scenario.calmMs);
    differences.push(...world.exits);
  } finally {
    restoreRejections();
    restoreTime();
  }
  differences.push(...(await check()));
  return { differences, story: world.story, events: world.scheduler.count, restarts: world.restarts };
}

/** Unhandled rejections end the process of the simulation in which they happen, as they end a real one. */
function giveRejectionsTo(take: (error: unknown) => void): () => void {
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', take);
  return () => {
    process.removeListener('unhandledRejection', take);
    for (const listener of listeners) process.on('unhandledRejection', listener);
  };
}
