import { pino } from 'pino';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anItem } from '#contracts/domain/records.testing.ts';
import type { Item, Release } from '#contracts/generated/records.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { embedding, release } from '#published/releases.testing.ts';
import { createShard } from '#published/shard.ts';
import { LiveIndex } from './live-index.ts';
import { createIndexMetrics } from './metrics.ts';
import { chooseGeneration, searchAll } from './search.ts';
import type { Snapshots } from './snapshots/snapshots.ts';

export const PARAMETERS = { m: 16, efConstruction: 200 };

/** An index whose declarations come back to it, as they do through the log. */
export function setUp({
  keepRetiredMs = 60_000,
  recallMinimum = 0.95,
  duplicateCosine = 0.999,
  parameters = PARAMETERS,
  snapshots = undefined as Snapshots | undefined,
} = {}) {
  const declared: string[] = [];
  const releases: Release[] = [];
  const failures: unknown[] = [];
  const metrics = createIndexMetrics(createMetrics('index'));
  const index = new LiveIndex({
    log: pino({ level: 'silent' }),
    metrics,
    parameters,
    efSearch: 64,
    recallMinimum,
    duplicateCosine,
    snapshots,
    keepRetiredMs,
    shard: createShard(0, 1),
    lacking: async () => [],
    publish: async (one) => {
      declared.push(`${one.generation} ${one.state}`);
      releases.push(one);
      index.applyRelease(one.generation, one);
    },
    onFailure: (error) => failures.push(error),
  });
  const declare = (one: Release): void => index.applyRelease(one.generation, one);
  const put = (
    id: string,
    itemId: string,
    vector: number[],
    origin: 'trained' | 'inductive' = 'trained',
  ): void =>
    index.applyEmbedding(embeddingKey({ generation: id, itemId }), embedding(id, itemId, vector, origin));
  const near = (itemId: string, id?: string): string[] => {
    const [result] = searchAll(chooseGeneration(index, id), [{ itemId }], 10);
    return result !== undefined && 'neighbours' in result
      ? result.neighbours.map((neighbour) => neighbour.itemId)
      : ['item.unknown'];
  };
  return { index, metrics, declared, releases, failures, declare, put, near };
}

export type World = ReturnType<typeof setUp>;

/** Three items on a quarter circle: a and b close together and c far; b is nearer to c, or a when `swapped`. */
export async function serveThree(world: World, id: string, swapped = false): Promise<void> {
  publishThree(world, id, swapped);
  await waitFor(() => world.index.served?.generation.id === id, { message: `${id} serves` });
}

export function publishThree({ declare, put }: World, id: string, swapped = false): void {
  const angles = { a: swapped ? 0.5 : 0, b: swapped ? 0 : 0.5, c: 1.5 };
  declare(release(id, 'building', 3));
  for (const [itemId, angle] of Object.entries(angles)) put(id, itemId, [Math.cos(angle), Math.sin(angle)]);
  declare(release(id, 'ready', 3));
}

/** Items 0 to 39, each nearer to the one before than to the one after. */
export async function serveCircle({ index, declare, put }: World): Promise<void> {
  declare(release('g1', 'building', 40));
  for (let n = 0; n < 40; n++) put('g1', String(n), [Math.cos(1.02 ** n), Math.sin(1.02 ** n)]);
  declare(release('g1', 'ready', 40));
  await waitFor(() => index.served?.generation.id === 'g1', { message: 'g1 serves' });
}

export function item(
  itemId: string,
  availability: Item['availability'] = 'available',
  title = itemId.toUpperCase(),
): Item {
  return anItem({ itemId, title, availability });
}
