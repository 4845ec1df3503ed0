import { Redis } from 'ioredis';
import { createRandom } from '#algorithms/random.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl } from '#stages/stages.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import type { Stack } from '../../local/stack.ts';
import type { Path } from '../../path/path.ts';
import { onStages } from '../on-stages.ts';
import {
  BENCH_GENERATION,
  PAST_GENERATIONS,
  publishVectors,
  seedWindows,
  sendAll,
} from '../seeded-windows.ts';
import { syntheticWindows } from '../synthetic-windows.ts';
import { lastWindow, type RealWindows } from '../windows.ts';
import { type App, openApp } from './app.ts';
import { type Crowd, gatherCrowd } from './crowd.ts';
import { publishHistory } from './history.ts';
import { plausibleModels, publishModels, trainedModels } from './models.ts';
import { rankedItems, seedPools } from './pools.ts';

/** Users with their windows, and the catalogue. */
export interface BenchWorld {
  readonly windows: RealWindows;
  readonly itemIds: readonly string[];
  readonly crowd: Crowd;
  /** What was trained beside the vectors. */
  readonly models: readonly Artefact[];
}

/** Running stages, servers and an app of a world. */
export interface RunningWorld {
  readonly world: BenchWorld;
  readonly path: Path;
  readonly servers: Stack;
  readonly app: App;
}

const STAGES = ['gateway', 'interests', 'propose', 'rerank', 'feedback', 'index', 'retrain'] as const;
const SETTINGS = {
  // Retrain follows the log, as it does in a running system, and trains nothing meanwhile.
  TRIBUTARY_RETRAIN_INTERVAL_MS: '0',
  // Each start examines all users once; the load waits for it.
  TRIBUTARY_REFRESH_USERS_PER_SECOND: '100000',
} as const;
/** Longest time for which the load waits until interests has examined all users, and for each of them. */
const EXAMINED_MS = { all: 120_000, aUser: 0.2 } as const;
const HOUR = 3_600_000;
/** A graph of 200,000 vectors takes minutes to build, beside all other stages that start. */
const PATIENCE_MS = 600_000;

/** Users with windows of real households. */
export async function realWorld(windows: RealWindows, users: number): Promise<BenchWorld> {
  const itemIds = itemsOf(windows);
  const models = await trainedModels(windows, itemIds);
  return { windows, itemIds, crowd: gatherCrowd(users, itemIds, 'live'), models };
}

/**
 * Users and items in any number; the windows are as long as real ones.
 * @param mostActions of a window
 */
export function syntheticWorld(
  real: RealWindows,
  { users, items }: { readonly users: number; readonly items: number },
  mostActions?: number,
): BenchWorld {
  const windows = syntheticWindows(items, real, mostActions);
  const { itemIds } = windows;
  const models = plausibleModels(windows, itemIds, createRandom('models'));
  return { windows, itemIds, crowd: gatherCrowd(users, itemIds, 'live'), models };
}

/** Starts all stages on servers of their own, which hold the world, and stops them after the work. */
export function onWorld<T>(world: BenchWorld, work: (running: RunningWorld) => Promise<T>): Promise<T> {
  return onStages(
    STAGES,
    SETTINGS,
    async (path, servers) => {
      const app = openApp(localUrl(path.stages.ports.gateway!));
      try {
        await examined(path, world.crowd.userIds.length);
        return await work({ world, path, servers, app });
      } finally {
        await app.close();
      }
    },
    (namespace) => prepareWorld(namespace, world),
    PATIENCE_MS,
  );
}

async function examined(path: Path, users: number): Promise<void> {
  await waitFor(
    async () => {
      const { body } = await path.call('interests', 'GET', '/status');
      return (body as { refreshed: string | null }).refreshed === BENCH_GENERATION;
    },
    {
      timeoutMs: EXAMINED_MS.all + EXAMINED_MS.aUser * users,
      message: `interests has examined all ${users} users`,
    },
  );
}

/** The items that households bought, those of the most buyers first: their order is that of their popularity here too. */
function itemsOf({ histories }: RealWindows): string[] {
  const buyers = new Map<string, number>();
  for (const history of histories)
    for (const itemId of new Set(history.map((action) => action.itemId)))
      buyers.set(itemId, (buyers.get(itemId) ?? 0) + 1);
  return [...buyers].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([itemId]) => itemId);
}

/** Catalogue, vectors, models, the history and the windows, as the stages would hold them after it. */
export async function prepareWorld(
  namespace: TestNamespace,
  { windows: real, itemIds, crowd, models }: BenchWorld,
): Promise<void> {
  const now = Date.now();
  console.error(`  ${crowd.userIds.length} users, ${itemIds.length} items …`);
  const content = { text: '', attributes: {}, vector: null };
  const items = itemIds.map((itemId) => {
    const item = {
      ...content,
      itemId,
      title: `Item ${itemId}`,
      categories: real.categoriesOf(itemId),
      availability: 'available' as const,
      updatedAt: now,
    };
    return { key: itemId, value: namespace.encode('Item', item) };
  });
  await sendAll(namespace, 'items', items);
  // A log that has been trained on for a while has past generations too, which the stages hold.
  for (const generation of PAST_GENERATIONS) {
    const past = models.map((model) => ({ ...model, generation }));
    await publishModels(namespace, past);
    await publishVectors(namespace, real, now, itemIds, generation);
  }
  await publishModels(namespace, models);
  await publishVectors(namespace, real, now, itemIds);
  const endAt = now - HOUR;
  const included = await publishHistory(namespace, real, { itemIds, endAt });
  const redis = new Redis(process.env.REDIS_URL ?? '');
  const windows = real.histories.map(lastWindow).filter(({ length }) => length > 0);
  const { userIds } = crowd;
  const interests = await seedWindows(redis, namespace, real, { userIds, windows, endAt, included });
  const ranked = { items: rankedItems(real, itemIds, interests), artefacts: models };
  await seedPools(redis, namespace, ranked, { userIds, interests, at: endAt });
  await redis.quit();
}
