import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createRandom } from '#algorithms/random.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import type { Figures } from '../figures/figures.ts';
import { startStack } from '../local/stack.ts';
import { purchase, userIdOf } from './purchases.ts';
import { publishVectors, seedWindows, sendAll } from './seeded-windows.ts';
import { measureSingleActions } from './single-actions.ts';
import { readStageSample, type StageSample } from './stage-sample.ts';
import { type RealWindows, readRealWindows } from './windows.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
/** Long enough for a full window; each visit adds one basket of this size. */
const BASKET = 10;
const WHOLE_WINDOW = 400;
/** With a million users, the memory per user must be small to fit the machine. */
const SHORT_WINDOW = 20;
const CROWDS = [10_000, 100_000, 1_000_000] as const;
const AT_A_TIME = 1_000;

/**
 * One process of the interests stage, on servers of its own: actions a second from Kafka to Redis and `interests`,
 * where every household has its real window and continues with its baskets; CPU time of single actions, each of another
 * user; CPU time of an action by the number of users, who have short windows and act at random; and the peak memory of the
 * process.
 *
 * `--part` measures one of baskets, single and growth.
 */
export async function measure({ part }: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const isMeasured = (name: string): boolean => part === undefined || part === name;
  const real = await readRealWindows();
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const stack = await startStack({ runDirectory });
  Object.assign(process.env, stack.env);
  try {
    const figures: Record<string, Figures[string]> = {};
    if (isMeasured('single')) figures.single = await measureSingleActions(real, START);
    const households = real.histories.filter(({ length }) => length > WHOLE_WINDOW).length;
    let peakMemoryMiB = 0;
    if (isMeasured('baskets')) {
      const whole = await run(real, { users: households, window: WHOLE_WINDOW, actions: 60_000 });
      const { actionsPerSecond, microsecondsAnAction } = whole;
      Object.assign(figures, { actionsPerSecond, microsecondsAnAction, households });
      peakMemoryMiB = whole.peakMemoryMiB;
    }
    if (isMeasured('growth')) {
      const growth: Record<string, number> = {};
      for (const users of CROWDS) {
        const crowd = await run(real, { users, window: SHORT_WINDOW, actions: 40_000 });
        growth[users] = crowd.microsecondsAnAction;
        peakMemoryMiB = Math.max(peakMemoryMiB, crowd.peakMemoryMiB);
      }
      figures.growth = growth;
    }
    return { ...figures, peakMemoryMiB };
  } finally {
    await stack.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  }
}

interface Load {
  readonly users: number;
  /** Actions in each user's window at the start. */
  readonly window: number;
  readonly actions: number;
}

interface RunFigures {
  readonly actionsPerSecond: number;
  /** CPU of the stage's process. */
  readonly microsecondsAnAction: number;
  readonly peakMemoryMiB: number;
}

async function run(real: RealWindows, load: Load): Promise<RunFigures> {
  const namespace = await openTestNamespace();
  await namespace.apply();
  const redis = new Redis(process.env.REDIS_URL ?? '');
  await redis.flushall();
  try {
    const histories = real.histories.filter(({ length }) => length > load.window);
    const eligible = { ...real, histories };
    console.error(`  ${load.users} users with ${load.window} actions each …`);
    await publishVectors(namespace, eligible, START);
    const windows = histories.map((history) => history.slice(0, load.window));
    await seedWindows(redis, namespace, eligible, {
      windows,
      userIds: Array.from({ length: load.users }, (_, user) => userIdOf(user)),
      endAt: START,
    });
    await publishActions(namespace, eligible, load);
    return await observe(namespace, load.actions);
  } finally {
    await redis.quit();
    await namespace.close();
  }
}

/** Random users, each of whom continues with the next basket of the history. */
async function publishActions(
  namespace: TestNamespace,
  { histories }: RealWindows,
  load: Load,
): Promise<void> {
  const random = createRandom('visits');
  const visits = new Map<number, number>();
  let messages: { key: string; value: Buffer }[] = [];
  for (let i = 0; i < load.actions; i += BASKET) {
    const user = random.integer(load.users);
    const visit = visits.get(user) ?? 0;
    visits.set(user, visit + 1);
    const rest = histories[user % histories.length]!.slice(load.window);
    for (let place = 0; place < BASKET; place++) {
      const { itemId } = rest[(visit * BASKET + place) % rest.length]!;
      messages.push({
        key: userIdOf(user),
        value: namespace.encode('UserAction', purchase(user, itemId, START + i + place)),
      });
    }
    if (messages.length < AT_A_TIME) continue;
    await sendAll(namespace, 'actions', messages);
    messages = [];
  }
  await sendAll(namespace, 'actions', messages);
}

/** Starts the stage on the actions in the log, and measures from its first action to its last. */
async function observe({ namespace }: TestNamespace, actions: number): Promise<RunFigures> {
  const stage = await startStageProcess('interests', { TRIBUTARY_NAMESPACE: namespace });
  try {
    let peak = 0;
    const sample = async () => {
      const taken = await readStageSample(stage.url);
      peak = Math.max(peak, taken.residentBytes);
      return taken;
    };
    const first = await waitFor(async () => withActions(await sample(), 1), { message: 'first actions' });
    const last = await waitFor(async () => withActions(await sample(), actions), {
      message: 'all actions are in the windows',
      timeoutMs: 600_000,
    });
    const counted = last.actions - first.actions;
    return {
      actionsPerSecond: (counted / (last.at - first.at)) * 1_000,
      microsecondsAnAction: ((last.cpuSeconds - first.cpuSeconds) / counted) * 1e6,
      peakMemoryMiB: peak / 2 ** 20,
    };
  } finally {
    await stage.stop();
  }
}

function withActions(sample: StageSample, least: number): StageSample | false {
  return sample.actions >= least && sample;
}
