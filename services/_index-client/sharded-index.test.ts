import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import type { Query } from './index-client.ts';
import { shardOf } from './shard-of.ts';
import { ShardedIndex } from './sharded-index.ts';
import { createMemoryShard, type MemoryShard } from './shards.testing.ts';

const DIMENSION = 3;
const component = fc.integer({ min: -4, max: 4 });
const direction = fc
  .array(component, { minLength: DIMENSION, maxLength: DIMENSION })
  .map((components) => Float32Array.from(components))
  .filter((vector) => normaliseInPlace(vector));
const catalogues = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 30 })
  .chain((itemIds) =>
    fc
      .array(direction, { minLength: itemIds.length, maxLength: itemIds.length })
      .map((vectors) => new Map(itemIds.map((itemId, place) => [itemId, vectors[place]!]))),
  );

function divide(vectors: ReadonlyMap<string, Float32Array>, count: number): MemoryShard[] {
  return Array.from({ length: count }, (_, place) => createMemoryShard(vectors, place, count));
}

describe('shards as one index', () => {
  it('shards find the neighbours that an undivided index finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogues,
        fc.array(fc.oneof(fc.nat(40), direction), { maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 5 }),
        async (vectors, asked, k, count) => {
          const ids = [...vectors.keys()];
          const queries = asked.map((one): Query => {
            if (typeof one === 'number') return { itemId: ids[one] ?? 'not an item' };
            return { vector: [...one] };
          });
          const merged = await new ShardedIndex(divide(vectors, count)).search({ queries, k });
          assert.deepEqual(merged, await createMemoryShard(vectors, 0, 1).search({ queries, k }));
        },
      ),
    );
  });

  const ITEMS = new Map(
    ['tea', 'milk', 'oats', 'soap', 'nail', 'rope', 'salt', 'corn'].map((itemId, place) => {
      return [itemId, Float32Array.of(Math.cos(place / 5), Math.sin(place / 5))] as const;
    }),
  );

  it('vectors and catalogue entries of items come from the shards that hold them', async () => {
    const shards = divide(ITEMS, 3);
    const index = new ShardedIndex(shards);
    const whole = createMemoryShard(ITEMS, 0, 1);
    const ids = [...ITEMS.keys(), 'unknown', '__proto__'];
    assert.deepEqual({ ...(await index.vectors('g1', ids)) }, await whole.vectors('g1', ids));
    assert.deepEqual({ ...(await index.items(ids)) }, await whole.items(ids));
    assert.deepEqual(await index.withheld(ids), new Set(['unknown', '__proto__']));
  });

  it('similar items carry the titles that other shards hold', async () => {
    const index = new ShardedIndex(divide(ITEMS, 3));
    const { items, ...rest } = await index.similar('milk', 2);
    assert.deepEqual(rest, { itemId: 'milk', title: 'MILK', generation: 'g1' });
    assert.deepEqual(items.map(({ itemId, title }) => `${itemId} ${title}`).sort(), ['oats OATS', 'tea TEA']);
    await assert.rejects(index.similar('unknown', 2), { code: 'item.unknown', status: 404 });
  });

  it('all shards search in the generation that shard 0 serves, even while they flip', async () => {
    const shards = divide(ITEMS, 3);
    const index = new ShardedIndex(shards);
    const search = () => index.search({ queries: [{ itemId: 'tea' }], k: 3 });
    for (const shard of shards) shard.held = ['g1', 'g2'];
    assert.equal((await search()).generation, 'g1');
    shards[0]!.active = 'g2';
    assert.equal((await search()).generation, 'g2');
    await assert.rejects(index.search({ generation: 'g0', queries: [], k: 1 }), {
      code: 'generation.unknown',
    });
    shards[0]!.active = null;
    await assert.rejects(search(), { code: 'index.empty', status: 503 });
  });

  it('a search is repeated in the next generation if the first was dropped meanwhile', async () => {
    const shards = divide(ITEMS, 2);
    const index = new ShardedIndex(shards);
    const { status } = shards[0]!;
    const serving = ['when its place is checked', 'g0', 'g1'];
    shards[0]!.status = async () => ({ ...(await status()), active: { generation: serving.shift()! } });
    assert.equal((await index.search({ queries: [], k: 1 })).generation, 'g1');
  });

  it('a search fails with the name of the shard that does not answer', async () => {
    const shards = divide(ITEMS, 3);
    const index = new ShardedIndex(shards);
    shards[1]!.isUp = false;
    const down = { code: 'peer.unavailable', message: 'index shard 1 does not answer', retryable: true };
    await assert.rejects(index.search({ generation: 'g1', queries: [{ vector: [1, 0] }], k: 3 }), down);
    shards[1]!.isUp = true;
    const { results } = await index.search({ generation: 'g1', queries: [{ vector: [1, 0] }], k: 3 });
    assert.equal(results.length, 1);
  });

  it('addresses in a different order from the shards are refused', async () => {
    const [first, second] = divide(ITEMS, 2);
    const index = new ShardedIndex([second!, first!]);
    await assert.rejects(index.items(['tea']), {
      code: 'config.invalid',
      message: /place 0 of 2 answers shard 1/,
    });
  });

  it('large searches are sent in parts', async () => {
    const large = Array.from({ length: 2_048 }, (_, i) => Math.sin(i + 1));
    const vectors = new Map(['a', 'b', 'c'].map((id, i) => [id, Float32Array.from(large, (x) => x + i)]));
    for (const vector of vectors.values()) normaliseInPlace(vector);
    const shards = divide(vectors, 2);
    const queries = Array.from({ length: 100 }, () => ({ vector: large }));
    const { results } = await new ShardedIndex(shards).search({ queries, k: 1 });
    assert.equal(results.length, 100);
    assert.equal(new Set(results.map((result) => JSON.stringify(result))).size, 1);
    assert.ok(shards[0]!.searches > 1);
  });
});

describe('the shard of an item', () => {
  it('an item belongs to the shard that is its partition modulo the number of shards, where that divides the partitions', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(1, 2, 3, 4), (itemId, count) => {
        assert.equal(shardOf(itemId, count), shardOf(itemId, 12) % count);
      }),
    );
  });
});
