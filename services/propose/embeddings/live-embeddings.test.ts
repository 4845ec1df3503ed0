import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Steps } from '#algorithms/steps.ts';
import { anItem } from '#contracts/domain/records.testing.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { collectGarbage } from '#platform/testing/collect-garbage.ts';
import { embedding, release } from '#published/releases.testing.ts';
import type { EmbeddedItems } from './embedded-items.ts';
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
    /** The items of a generation after the time for which a ranking is used, and after the next one was made. */
    async itemsOf(generation: string) {
      world.now += 10_000;
      embeddings.find(generation);
      await nextTurn();
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
  it('the items of a generation are ranked by popularity, ties by item id', async () => {
    const world = withThree();
    world.shares = { c: 1, b: 0.5, a: 0.5 };
    assert.deepEqual(await world.itemsOf('g1'), ['c', 'a', 'b']);
    const items = world.embeddings.find('g1')!;
    assert.deepEqual([...items.popularity], [1, 0.5, 0.5]);
    assert.equal(items.placeOf('a'), 1);
    assert.equal(items.placeOf('unknown'), -1);
    assert.deepEqual([...items.vectorOf('a')!], [1, 0]);
    assert.equal(items.rows.matrix[0], items.vectorOf('c')![0]);
  });

  it('the ranking is used for two seconds, and for longer where it took longer', async () => {
    const world = withThree();
    const first = world.embeddings.find('g1');
    world.now = 1_999;
    assert.equal(world.embeddings.find('g1'), first);
    world.now = 2_000;
    assert.equal(world.embeddings.find('g1'), first, 'nobody waits for the next ranking');
    await nextTurn();
    assert.notEqual(world.embeddings.find('g1'), first);
  });

  it('unavailable and unlisted items are no candidates, and of near-duplicates one is', async () => {
    const world = withThree();
    world.list(anItem({ itemId: 'a' }));
    assert.deepEqual(
      await world.itemsOf('g1'),
      ['a'],
      'from the first catalogue entry on only listed items are',
    );
    world.list(anItem({ itemId: 'b', title: 'tea' }));
    world.list(anItem({ itemId: 'c' }));
    assert.deepEqual(await world.itemsOf('g1'), ['a', 'b', 'c']);
    world.list(anItem({ itemId: 'c', availability: 'unavailable' }));
    assert.deepEqual(await world.itemsOf('g1'), ['a', 'b']);
    world.list(anItem({ itemId: 'd', title: 'tea' }));
    world.put(embedding('g1', 'd', [Math.cos(0.2), Math.sin(0.2)], 'inductive'));
    assert.deepEqual(await world.itemsOf('g1'), ['a', 'b'], 'd looks like b and lies beside it');
    world.withdraw('g1/b');
    assert.deepEqual(await world.itemsOf('g1'), ['a', 'd']);
  });

  it('a new vector is among the items of the next ranking', async () => {
    const world = withThree();
    const before = world.embeddings.find('g1')!;
    world.put(embedding('g1', 'new', [1, 1], 'inductive'));
    assert.equal(before.placeOf('new'), -1, 'the ranking of before does not know it');
    assert.deepEqual(await world.itemsOf('g1'), ['a', 'b', 'c', 'new']);
  });

  it('a generation is pending until all its vectors are here, and undeclared until the log names it', async () => {
    const world = withThree();
    assert.throws(() => world.embeddings.find('g2'), { code: 'generation.undeclared', retryable: true });
    world.declare(release('g2', 'building', 1));
    assert.throws(() => world.embeddings.find('g2'), { code: 'generation.pending', retryable: true });
    world.put(embedding('g2', 'a', [1, 0]));
    world.declare(release('g2', 'ready', 1));
    assert.deepEqual(await world.itemsOf('g2'), ['a']);
  });

  it('a generation is over when it is rejected, deleted, or older than the active one and not in the log', async () => {
    const world = withThree();
    world.declare(release('g1', 'active', 3));
    assert.equal(await world.itemsOf('g0'), undefined);
    world.declare(release('g2', 'rejected', 1));
    assert.equal(await world.itemsOf('g2'), undefined);
    await world.itemsOf('g1');
    world.forget('g1');
    assert.equal(await world.itemsOf('g1'), undefined);
  });

  it('nothing is held of a past generation whose vectors have left the log', async () => {
    const world = withThree();
    world.declare(release('g1', 'active', 3));
    world.put(embedding('g2', 'a', [1, 0]));
    world.declare(release('g2', 'active', 1));
    world.declare(release('g1', 'retired', 3));
    for (const key of ['g1/a', 'g1/b']) world.withdraw(key);
    assert.deepEqual(
      await world.itemsOf('g1'),
      ['c'],
      'users of it have candidates until the last vector is gone',
    );
    const ranked = new WeakRef(world.embeddings.find('g1')!);
    await nextTurn();
    collectGarbage();
    assert.notEqual(ranked.deref(), undefined, 'it is held');
    world.withdraw('g1/c');
    assert.equal(world.embeddings.find('g1'), undefined);
    await nextTurn();
    collectGarbage();
    assert.equal(ranked.deref(), undefined);
    assert.deepEqual(await world.itemsOf('g2'), ['a']);
  });

  it('a vector that cannot be used is no candidate', async () => {
    const world = withThree();
    world.put(embedding('g1', 'odd', [1, 2, 3], 'inductive'));
    world.put(embedding('g1', 'zero', [0, 0], 'inductive'));
    assert.deepEqual(await world.itemsOf('g1'), ['a', 'b', 'c']);
  });

  it('what a model has asked for is derived from the next ranking before the model asks again', async () => {
    const world = withThree();
    const derivedFrom: (readonly string[])[] = [];
    const derivation = {
      *derive({ itemIds }: EmbeddedItems): Steps<string> {
        derivedFrom.push(itemIds);
        yield;
        return itemIds.join();
      },
    };
    const first = world.embeddings.find('g1')!;
    assert.equal(first.derived(derivation), 'a,b,c');
    assert.equal(first.derived(derivation), 'a,b,c');
    assert.equal(derivedFrom.length, 1);
    world.shares = { c: 1 };
    await world.itemsOf('g1');
    assert.deepEqual(derivedFrom.at(-1), ['c', 'a', 'b'], 'derived already');
    assert.equal(world.embeddings.find('g1')!.derived(derivation), 'c,a,b');
    assert.equal(derivedFrom.length, 2);
    // Nobody asked for it of the second ranking's successor.
    await world.itemsOf('g1');
    await world.itemsOf('g1');
    assert.equal(derivedFrom.length, 3);
  });

  it('an error in a derivation comes to the model that asks for it, and the ranking is made again', async () => {
    const world = withThree();
    let isBroken = false;
    const derivation = {
      *derive(): Steps<string> {
        yield;
        if (isBroken) throw new Error('a bug');
        return 'derived';
      },
    };
    const first = world.embeddings.find('g1')!;
    first.derived(derivation);
    isBroken = true;
    world.now = 2_000;
    assert.equal(world.embeddings.find('g1'), first);
    await nextTurn();
    const second = world.embeddings.find('g1')!;
    assert.notEqual(second, first);
    assert.throws(() => second.derived(derivation), /a bug/);
  });
});
