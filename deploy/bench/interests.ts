import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { WindowAction } from '#algorithms/pinnersage/window.ts';
import { createRandom } from '#algorithms/random.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import type { Figures } from '../figures/figures.ts';
import { startStack } from '../local/stack.ts';
import { publishVectors, seedWindows, sendAll } from './seeded-windows.ts';
import { type RealWindows, readRealWindows } from './windows.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
/** Long enough for a full window; each visit adds one basket of this size. */
const BASKET = 10;
const WHOLE_WINDOW = 400;
/** With a million users, the memory per user must be small to fit the machine. */
const SHORT_WINDOW = 20;
const CROWDS = [10_000, 100_000, 1_000_000] as const;
const AT_A_TIME = 1_000;
const ACTIONS_TOTAL = 'tributary_window_actions_total';

/**
 * One process of the interests stage, on servers of its own: actions a second from Kafka to Redis and `interests`,
 * where every household has its real window and continues with its baskets; CPU time of an action by the number of
 * users, who have short windows and act at random; and the peak memory of the process.
 */
export async function measure(): Promise<Figures> {
  const real = await readRealWindows();
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const stack = await startStack({ runDirectory });
  Object.assign(process.env, stack.env);
  try {
    const households = real.histories.filter(({ length }) => length > WHOLE_WINDOW).length;
    const whole = await run(real, { users: households, window: WHOLE_WINDOW, actions: 60_000 });
    const growth: Record<string, number> = {};
    let peak = whole.peakMemoryMiB;
    for (const users of CROWDS) {
      const crowd = await run(real, { users, window: SHORT_WINDOW, actions: 40_000 });
      growth[users] = crowd.microsecondsAnAction;
      peak = Math.max(peak, crowd.peakMemoryMiB);
    }
    const { actionsPerSecond, microsecondsAnAction } = whole;
    return { actionsPerSecond, microsecondsAnAction, households, growth, peakMemoryMiB: peak };
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

const userIdOf = (user: number): string => `user-${user}`;

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
        value: namespace.encode('UserAction', purchase(user, itemId, i + place)),
      });
    }
    if (messages.length < AT_A_TIME) continue;
    await sendAll(namespace, 'actions', messages);
    messages = [];
  }
  await sendAll(namespace, 'actions', messages);
}

/** The fields in which all purchases are alike. */
const PURCHASE = { type: 'buy', contextId: null, value: null } satisfies Partial<UserAction>;

function purchase(user: number, itemId: WindowAction['itemId'], number: number): UserAction {
  return {
    ...PURCHASE,
    eventId: `visit-${String(number).padStart(8, '0')}`,
    userId: userIdOf(user),
    itemId,
    occurredAt: START + number,
    receivedAt: START + number,
  };
}

/** Starts the stage on the actions in the log, and measures from its first action to its last. */
async function observe({ namespace }: TestNamespace, actions: number): Promise<RunFigures> {
  const stage = await startStageProcess('interests', { TRIBUTARY_NAMESPACE: namespace });
  try {
    let peak = 0;
    const sample = async () => {
      const taken = await readMetrics(stage.url);
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

interface Sample {
  readonly at: number;
  readonly actions: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

function withActions(sample: Sample, least: number): Sample | false {
  return sample.actions >= least && sample;
}

async function readMetrics(url: string): Promise<Sample> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sumOf = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    at: performance.now(),
    actions: sumOf(ACTIONS_TOTAL),
    cpuSeconds: sumOf('process_cpu_seconds_total'),
    residentBytes: sumOf('process_resident_memory_bytes'),
  };
}
