import { Redis } from 'ioredis';
import { createRandom } from '#algorithms/random.ts';
import { localUrl } from '#stages/stages.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import type { Stack } from '../../local/stack.ts';
import type { Path } from '../../path/path.ts';
import { onStages } from '../on-stages.ts';
import { publishVectors, seedWindows, sendAll } from '../seeded-windows.ts';
import { syntheticWindows } from '../synthetic-windows.ts';
import { lastWindow, type RealWindows } from '../windows.ts';
import { type App, openApp } from './app.ts';
import { type Crowd, gatherCrowd } from './crowd.ts';

/** Users with their windows, and the catalogue. */
export interface BenchWorld {
  readonly windows: RealWindows;
  readonly itemIds: readonly string[];
  readonly crowd: Crowd;
}

/** Running stages, servers and an app of a world. */
export interface RunningWorld {
  readonly world: BenchWorld;
  readonly path: Path;
  readonly servers: Stack;
  readonly app: App;
}

const STAGES = ['gateway', 'interests', 'propose', 'rerank', 'feedback', 'index'] as const;
const HOUR = 3_600_000;

/** Users with windows of real households. */
export function realWorld(windows: RealWindows, users: number): BenchWorld {
  const itemIds = itemsOf(windows);
  return { windows, itemIds, crowd: gatherCrowd(users, itemIds, 'live') };
}

/** Users and items in any number; the windows are as long as real ones. */
export function syntheticWorld(real: RealWindows, users: number, items: number): BenchWorld {
  const windows = syntheticWindows(items, real);
  const { itemIds } = windows;
  return { windows, itemIds, crowd: gatherCrowd(users, itemIds, 'live') };
}

/** Starts all stages on servers of their own, which hold the world, and stops them after the work. */
export function onWorld<T>(world: BenchWorld, work: (running: RunningWorld) => Promise<T>): Promise<T> {
  return onStages(
    STAGES,
    {},
    async (path, servers) => {
      const app = openApp(localUrl(path.stages.ports.gateway!));
      try {
        return await work({ world, path, servers, app });
      } finally {
        await app.close();
      }
    },
    (namespace) => prepareWorld(namespace, world),
  );
}

/** The items that households bought, in a random order, which is that of their popularity here. */
function itemsOf({ histories }: RealWindows): string[] {
  const random = createRandom('items');
  return [...new Set(histories.flatMap((history) => history.map(({ itemId }) => itemId)))]
    .map((itemId) => ({ itemId, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ itemId }) => itemId);
}

/** Catalogue, vectors and windows, as the stages would hold them after a history. */
export async function prepareWorld(
  namespace: TestNamespace,
  { windows: real, itemIds, crowd }: BenchWorld,
): Promise<void> {
  const now = Date.now();
  console.error(`  ${crowd.userIds.length} users, ${itemIds.length} items …`);
  const content = { text: '', categories: [], attributes: {}, vector: null };
  const items = itemIds.map((itemId) => {
    const item = {
      ...content,
      itemId,
      title: `Item ${itemId}`,
      availability: 'available' as const,
      updatedAt: now,
    };
    return { key: itemId, value: namespace.encode('Item', item) };
  });
  await sendAll(namespace, 'items', items);
  await publishVectors(namespace, real, now, itemIds);
  const redis = new Redis(process.env.REDIS_URL ?? '');
  const windows = real.histories.map(lastWindow).filter(({ length }) => length > 0);
  await seedWindows(redis, namespace, real, { userIds: crowd.userIds, windows, endAt: now - HOUR });
  await redis.quit();
}
