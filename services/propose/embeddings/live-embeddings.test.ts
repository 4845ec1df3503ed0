import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anItem } from '#contracts/domain/records.testing.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { embedding, release } from '#published/releases.testing.ts';
import { LiveEmbeddings } from './live-embeddings.ts';

const AT = { partition: 0, offset: 0, timestamp: 0, trace: undefined };

/** Embeddings to which a test sends messages; its clock stands still until the test moves it. */
function setUp() {
  const world = { now: 0, shares: {} as Record<string, number> };
  const embeddings = new LiveEmbeddings({
    popularity: { share: (itemId) => world.shares[itemId] ?? 0 },
    duplicateCosine: 0.999,
    now: () => world.now,
  });
  const { handlers } = embeddings;
  return Object.assign(world, {
    embeddings,
    put: (value: ItemEmbedding) =>
      void handlers.embeddings({ ...AT, key: `${value.generation}/${value.itemId}`, value }),
    withdraw: (key: string) => void handlers.embeddings({ ...AT, key, value: null }),
    declare: (value: Release) => void handlers.releases({ ...AT, key: value.generation, value }),
    forget: (key: string) => void handlers.releases({ ...AT, key, value: null }),
    list: (value: Item) => void handlers.items({ ...AT, key: value.itemId, value }),
    /** The items of a generation after the time for which a ranking is used. */
    itemsOf(generation: string) {
      world.now += 10_000;
      return embeddings.find(generation)?.itemIds;
    },
  });
}

/** g1 with the items a, b and c in the directions of 0, .2 and 1.5 radians. */
function withThree() {
  const world = setUp();
  world.declare(release('g1', 'ready', 3));
  for (const [itemId, angle] of [
    ['a', 0],
    ['b', 0.2],
    ['c', 1.5],
  ] as const)
    world.put(embedding('g1', itemId, [Math.cos(angle), Math.sin(angle)]));
  world.embeddings.markCaughtUp();
  return world;
}

describe('the embeddings of the log in the process', () => {
  it('the items of a generation are ranked by popularity, ties by item id', () => {
    const world = withThree();
    world.shares = { c: 1, b: 0.5, a: 0.5 };
    assert.deepEqual(world.itemsOf('g1'), ['c', 'a', 'b']);
    const items = world.embeddings.find('g1')!;
    assert.deepEqual([...items.popularity], [1, 0.5, 0.5]);
    assert.equal(items.placeOf('a'), 1);
    assert.equal(items.placeOf('unknown'), -1);
    assert.deepEqual([...items.vectorOf('a')!], [1, 0]);
    assert.equal(items.rows.matrix[0], items.vectorOf('c')![0]);
  });

  it('the ranking is used for two seconds, and for longer where it took longer', () => {
    const world = withThree();
    const first = world.embeddings.find('g1');
    world.now = 1_999;
    assert.equal(world.embeddings.find('g1'), first);
    world.now = 2_000;
    assert.notEqual(world.embeddings.find('g1'), first);
  });

  it('unavailable and unlisted items are no candidates, and of near-duplicates one is', () => {
    const world = withThree();
    world.list(anItem({ itemId: 'a' }));
    assert.deepEqual(world.itemsOf('g1'), ['a'], 'from the first catalogue entry on only listed items are');
    world.list(anItem({ itemId: 'b', title: 'tea' }));
    world.list(anItem({ itemId: 'c' }));
    assert.deepEqual(world.itemsOf('g1'), ['a', 'b', 'c']);
    world.list(anItem({ itemId: 'c', availability: 'unavailable' }));
    assert.deepEqual(world.itemsOf('g1'), ['a', 'b']);
    world.list(anItem({ itemId: 'd', title: 'tea' }));
    world.put(embedding('g1', 'd', [Math.cos(0.2), Math.sin(0.2)], 'inductive'));
    assert.deepEqual(world.itemsOf('g1'), ['a', 'b'], 'd looks like b and lies beside it');
    world.withdraw('g1/b');
    assert.deepEqual(world.itemsOf('g1'), ['a', 'd']);
  });

  it('a new vector is among the items of the next ranking', () => {
    const world = withThree();
    const before = world.embeddings.find('g1')!;
    world.put(embedding('g1', 'new', [1, 1], 'inductive'));
    assert.equal(before.placeOf('new'), -1, 'the ranking of before does not know it');
    assert.deepEqual(world.itemsOf('g1'), ['a', 'b', 'c', 'new']);
  });

  it('a generation is pending until all its vectors are here, and undeclared until the log names it', () => {
    const world = withThree();
    assert.throws(() => world.embeddings.find('g2'), { code: 'generation.undeclared', retryable: true });
    world.declare(release('g2', 'building', 1));
    assert.throws(() => world.embeddings.find('g2'), { code: 'generation.pending', retryable: true });
    world.put(embedding('g2', 'a', [1, 0]));
    world.declare(release('g2', 'ready', 1));
    assert.deepEqual(world.itemsOf('g2'), ['a']);
  });

  it('a generation is over when it is rejected, deleted, or older than the active one and not in the log', () => {
    const world = withThree();
    world.declare(release('g1', 'active', 3));
    assert.equal(world.itemsOf('g0'), undefined);
    world.declare(release('g2', 'rejected', 1));
    assert.equal(world.itemsOf('g2'), undefined);
    world.itemsOf('g1');
    world.forget('g1');
    assert.equal(world.itemsOf('g1'), undefined);
  });

  it('a vector that cannot be used is no candidate', () => {
    const world = withThree();
    world.put(embedding('g1', 'odd', [1, 2, 3], 'inductive'));
    world.put(embedding('g1', 'zero', [0, 0], 'inductive'));
    assert.deepEqual(world.itemsOf('g1'), ['a', 'b', 'c']);
  });
});
