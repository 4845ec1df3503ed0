import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { anItem } from '#contracts/domain/records.testing.ts';
import { connectIndex } from '#index-client/connect.ts';
import type { IndexClient, QueryResult, SearchAnswer } from '#index-client/index-client.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { embedding, release } from '#published/releases.testing.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';

const SHARDS = 3;
const DIMENSION = 8;
const ITEMS = 120;
const K = 10;
/** As many candidates as there are items make a search exact, so that any difference is one of the shards. */
const EXACT = { TRIBUTARY_INDEX_EF_SEARCH: '200' };

/** The items of a generation: half of them are in all, the others are its own. */
function itemsOf(generation: string): string[] {
  return Array.from({ length: ITEMS }, (_, i) => (i % 2 === 0 ? `shared~${i}` : `${generation}~${i}`));
}

/** Always the same for the same item of the same generation. */
function vectorOf(generation: string, itemId: string): number[] {
  const random = createRandom(`${generation}/${itemId}`);
  return Array.from({ length: DIMENSION }, () => random.normal());
}

/** A log with the index that follows it. */
interface World {
  readonly test: TestNamespace;
  readonly stages: StageProcess[];
  readonly client: IndexClient;
}

async function start(count: number): Promise<World> {
  const test = await openTestNamespace();
  await test.apply();
  const environment = {
    ...EXACT,
    TRIBUTARY_NAMESPACE: test.namespace,
    TRIBUTARY_INDEX_SHARDS: String(count),
  };
  const stages: StageProcess[] = [];
  // The first is told where the others are.
  for (let shard = count - 1; shard >= 0; shard--) {
    const urls = ['http://127.0.0.1:1', ...stages.map(({ url }) => url)].join();
    const own = { TRIBUTARY_INDEX_SHARD: String(shard), TRIBUTARY_INDEX_SHARD_URLS: urls };
    stages.unshift(await startStageProcess('index', { ...environment, ...own }));
  }
  return { test, stages, client: connectIndex({ urls: stages.map(({ url }) => url), timeoutMs: 10_000 }) };
}

async function stop({ test, stages, client }: World): Promise<void> {
  await client.close();
  await Promise.all(stages.map((stage) => stage.stop()));
  await test.close();
}

async function publish({ test }: World, generation: string): Promise<void> {
  const itemIds = itemsOf(generation);
  const put = async (state: 'building' | 'ready'): Promise<unknown> =>
    test.produce('releases', {
      key: generation,
      value: test.encode('Release', release(generation, state, ITEMS, DIMENSION)),
    });
  await put('building');
  await Promise.all(
    itemIds.flatMap((itemId) => [
      test.produce('items', { key: itemId, value: test.encode('Item', itemOf(itemId)) }),
      test.produce('embeddings', {
        key: `${generation}/${itemId}`,
        value: test.encode('ItemEmbedding', embedding(generation, itemId, vectorOf(generation, itemId))),
      }),
    ]),
  );
  await put('ready');
}

function itemOf(itemId: string) {
  return anItem({ itemId, title: `The ${itemId}` });
}

/** Until every process serves the generation by default, with all of its items. */
async function serves({ stages }: World, generation: string): Promise<void> {
  for (const { url } of stages) {
    await waitFor(
      async () => {
        const { active } = (await (await fetch(`${url}/status`)).json()) as {
          active: { generation: string } | null;
        };
        return active?.generation === generation;
      },
      { message: `${generation} serves`, timeoutMs: 30_000 },
    );
  }
}

describe('an index of several shards', () => {
  let sharded: World;
  let whole: World;

  before(async () => {
    [sharded, whole] = await Promise.all([start(SHARDS), start(1)]);
    for (const world of [sharded, whole]) {
      await publish(world, 'g1');
      await serves(world, 'g1');
    }
  });

  after(async () => {
    await Promise.all([stop(sharded), stop(whole)]);
  });

  /** The same to the last bit, part by part. */
  async function bothAnswer(ask: (client: IndexClient) => Promise<readonly unknown[]>): Promise<void> {
    const [divided, undivided] = await Promise.all([ask(sharded.client), ask(whole.client)]);
    assert.equal(divided.length, undivided.length);
    for (const [i, part] of divided.entries()) assert.deepEqual(part, undivided[i]);
  }

  it('each item is held by exactly one shard', async () => {
    const statuses = await Promise.all(
      sharded.stages.map(async ({ url }) => (await fetch(`${url}/status`)).json() as Promise<object>),
    );
    const counts = statuses.map((status) => (status as { active: { items: number } }).active.items);
    assert.equal(counts.length, SHARDS);
    assert.ok(counts.every((count) => count > 0));
    await waitFor(async () => (await itemCount(sharded)) === ITEMS, { message: 'all items are found' });
  });

  it('shards answer like an undivided index', async () => {
    await waitFor(async () => (await itemCount(whole)) === ITEMS, { message: 'all items are found' });
    const itemIds = itemsOf('g1');
    const byItem = itemIds.map((itemId) => ({ itemId }));
    const byVector = itemIds.map((itemId) => ({ vector: vectorOf('another', itemId) }));
    const queries = [...byItem, { itemId: 'unknown' }, ...byVector];
    const search = async (index: IndexClient, k: number) =>
      (await index.search({ generation: 'g1', queries, k })).results.map(withTiesSettled);
    await bothAnswer((index) => search(index, K));
    await bothAnswer((index) => search(index, ITEMS));
    await bothAnswer(async (index) => sorted(await index.vectors('g1', [...itemIds, 'unknown'])));
    await bothAnswer(async (index) => sorted(await index.items([...itemIds, 'unknown'])));
    await bothAnswer(async (index) => [await index.similar(itemIds[3]!, 5)]);
    for (const index of [sharded.client, whole.client]) {
      await assert.rejects(index.similar('unknown', 5), { code: 'item.unknown', status: 404 });
      await assert.rejects(index.vectors('g0', itemIds), { code: 'generation.unknown', status: 409 });
      await assert.rejects(index.search({ queries: [{ vector: [1] }], k: 1 }), { code: 'field.invalid' });
    }
  });

  it('shards flip under load without a failure and without a mixed answer', async () => {
    const generations = new Set<string>();
    const known = Array.from({ length: 4 }, () => 'g1');
    let done = false;
    const judge = (generation: string, itemIds: readonly string[]): void => {
      generations.add(generation);
      for (const itemId of itemIds) assert.match(itemId, new RegExp(`^(shared|${generation})~`));
    };
    const neighboursIn = ({ results }: SearchAnswer): string[] =>
      results.flatMap((result) => {
        assert.ok('neighbours' in result && result.neighbours.length === K);
        return result.neighbours.map(({ itemId }) => itemId);
      });
    const ask = async (asker: number): Promise<void> => {
      while (!done) {
        const similar = await sharded.client.similar('shared~0', K);
        const similarIds = similar.items.map(({ itemId }) => itemId);
        judge(similar.generation, similarIds);
        // As propose does, which knows a generation from the interests and may be late.
        const generation = known[asker]!;
        const queries = [{ itemId: 'shared~2' }, { itemId: 'shared~4' }];
        const answer = await sharded.client.search({ generation, queries, k: K });
        assert.equal(answer.generation, generation);
        judge(generation, neighboursIn(answer));
        known[asker] = similar.generation;
      }
    };
    const load = Promise.all(known.map((_, asker) => ask(asker)));
    for (const generation of ['g2', 'g3']) {
      await publish(sharded, generation);
      await Promise.race([serves(sharded, generation), load]);
      const follows = () => known.every((one) => one === generation);
      await Promise.race([waitFor(follows, { message: `${generation} is known` }), load]);
    }
    done = true;
    await load;
    assert.deepEqual([...generations].sort(), ['g1', 'g2', 'g3']);
  });

  it('a withdrawn item is found by no shard', async () => {
    const nearest = async () => (await sharded.client.similar('shared~0', 1)).items[0]!.itemId;
    const gone = await nearest();
    await sharded.test.produce('items', { key: gone, value: null });
    await waitFor(async () => (await nearest()) !== gone, { message: 'it is gone' });
    assert.deepEqual({ ...(await sharded.client.items([gone])) }, {});
  });

  it('no search is answered from a part of the shards', async () => {
    await sharded.stages[2]!.stop();
    await assert.rejects(
      sharded.client.search({ queries: [{ itemId: 'shared~0' }], k: 1 }),
      (error: Error) => {
        assert.match(error.message, /^index shard 2 does not answer/);
        return true;
      },
    );
  });
});

/** Neighbours of equal score, of which float32 has some, in the order of their ids. */
function withTiesSettled(result: QueryResult): unknown {
  if ('error' in result) return result;
  return [...result.neighbours].sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
}

function sorted(record: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function itemCount({ stages }: World): Promise<number> {
  const counts = stages.map(async ({ url }) => {
    const { active } = (await (await fetch(`${url}/status`)).json()) as { active: { items: number } | null };
    return active?.items ?? 0;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
