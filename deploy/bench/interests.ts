import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Partitioners } from 'kafkajs';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { encodeClustering } from '#algorithms/pinnersage/incremental-codec.ts';
import { readWindow, recluster } from '#algorithms/pinnersage/incremental-interests.ts';
import { ForestWorkspace } from '#algorithms/pinnersage/incremental-workspace.ts';
import type { ActionWindow, WindowAction } from '#algorithms/pinnersage/window.ts';
import { createRandom } from '#algorithms/random.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { createRedisStore } from '../../services/interests/redis-store.ts';
import type { Figures } from '../figures/figures.ts';
import { startStack } from '../local/stack.ts';
import { type RealWindows, readRealWindows } from './windows.ts';

const GENERATION = 'bench';
const START = Date.parse('2026-01-01T00:00:00Z');
/** Long enough for a full window; each visit adds one basket of this size. */
const BASKET = 10;
const WHOLE_WINDOW = 400;
/** With a million users, the memory per user must be small to fit the machine. */
const SHORT_WINDOW = 20;
const CROWDS = [10_000, 100_000, 1_000_000] as const;
const AT_A_TIME = 1_000;
const workspace = new ForestWorkspace();
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
    await publishVectors(namespace, eligible);
    await seedUsers(redis, namespace, eligible, load);
    await publishActions(namespace, eligible, load);
    return await observe(namespace, load.actions);
  } finally {
    await redis.quit();
    await namespace.close();
  }
}

async function publishVectors(
  namespace: TestNamespace,
  { alpha, vectorOf, histories }: RealWindows,
): Promise<void> {
  const itemIds = [...new Set(histories.flatMap((history) => history.map(({ itemId }) => itemId)))];
  const messages = itemIds.map((itemId) => {
    const embedding = {
      generation: GENERATION,
      itemId,
      vector: encodeVector(vectorOf(itemId)!),
      origin: 'trained' as const,
      basis: null,
    };
    return { key: `${GENERATION}/${itemId}`, value: namespace.encode('ItemEmbedding', embedding) };
  });
  await send(namespace, 'embeddings', messages);
  const release = {
    generation: GENERATION,
    state: 'active' as const,
    dimension: vectorOf(itemIds[0]!)!.length,
    alpha,
    itemCount: itemIds.length,
    actionCount: 0,
    createdAt: START,
    updatedAt: START,
    metrics: {},
    modelCard: '',
    reason: null,
    follows: null,
  };
  await send(namespace, 'releases', [{ key: GENERATION, value: namespace.encode('Release', release) }]);
}

const userIdOf = (user: number): string => `user-${user}`;

/** Many users may share one household's history; its times are shifted so that the window ends at START. */
async function seedUsers(
  redis: Redis,
  { namespace }: TestNamespace,
  real: RealWindows,
  load: Load,
): Promise<void> {
  const store = createRedisStore(redis, (...parts) => [namespace, ...parts].join(':'));
  const windows = real.histories.map((history) => {
    const actions = history.slice(0, load.window);
    const shift = START - (actions.at(-1)?.occurredAt ?? START);
    const window = { actions: actions.map((one) => ({ ...one, occurredAt: one.occurredAt + shift })) };
    return { window, clustering: clusteringOf(window, real) };
  });
  for (let first = 0; first < load.users; first += AT_A_TIME) {
    const users = Array.from({ length: Math.min(AT_A_TIME, load.users - first) }, (_, i) => first + i);
    await Promise.all(
      users.map((user) => {
        const userId = userIdOf(user);
        const { window, clustering } = windows[user % windows.length]!;
        const interests = {
          userId,
          version: -1,
          generation: GENERATION,
          streamTime: START,
          receivedAt: START,
          medoids: [],
          recent: [],
          windowSize: window.actions.length,
          unknownItems: 0,
        };
        return store.write(partitionOfKey(userId, USER_PARTITIONS), window, { interests, clustering });
      }),
    );
  }
}

/** The record as the stage would have stored it. */
function clusteringOf(window: ActionWindow, { alpha, vectorOf }: RealWindows): Uint8Array {
  const options = { lambdaPerDay: DEFAULT_LAMBDA_PER_DAY, actionWeights: DEFAULT_ACTION_WEIGHTS };
  const reading = readWindow(window, {}, options);
  const { clustering } = recluster(reading, undefined, vectorOf, { alpha, now: START }, workspace);
  return encodeClustering(clustering!);
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
        value: namespace.encode('UserAction', purchase(user, itemId, i + place)),
      });
    }
    if (messages.length < AT_A_TIME) continue;
    await send(namespace, 'actions', messages);
    messages = [];
  }
  await send(namespace, 'actions', messages);
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

async function send(
  { kafka, topicOf }: TestNamespace,
  topic: 'actions' | 'embeddings' | 'releases',
  messages: { key: string; value: Buffer }[],
): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let start = 0; start < messages.length; start += AT_A_TIME) {
    await producer.send({
      topic: topicOf(topic),
      acks: -1,
      messages: messages.slice(start, start + AT_A_TIME),
    });
  }
  await producer.disconnect();
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
