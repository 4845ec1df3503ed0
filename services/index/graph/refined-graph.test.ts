import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitFor } from '#platform/testing/wait-for.ts';
import { release } from '#published/releases.testing.ts';
import { item, serveThree, setUp } from '../live-index.testing.ts';

describe('what may be found', () => {
  it('a new item is found at once, a changed one in its new place, and a withdrawn one no more', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    world.put('g1', 'new', [Math.cos(0.1), Math.sin(0.1)], 'inductive');
    assert.deepEqual(world.near('a'), ['new', 'b', 'c']);
    world.put('g1', 'new', [-1, 0], 'inductive');
    assert.deepEqual(world.near('a'), ['b', 'c', 'new']);
    world.index.applyEmbedding('g1/new', null);
    assert.deepEqual(world.near('a'), ['b', 'c']);
    assert.deepEqual(world.near('new'), ['item.unknown']);
    world.put('g1', 'broken', [1, 2, 3]);
    world.put('g1', 'zero', [0, 0]);
    assert.deepEqual(world.near('a'), ['b', 'c']);
    world.index.close();
  });

  it('unavailable and withdrawn items are not found until they come back', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    for (const id of ['a', 'c']) world.index.applyItem(id, item(id));
    world.index.applyItem('b', item('b', 'unavailable'));
    await serveThree(world, 'g1');
    assert.deepEqual(world.near('a'), ['c'], 'also of a graph built meanwhile');
    assert.deepEqual(world.near('b'), ['a', 'c'], 'it may still be asked about');
    world.index.applyItem('b', item('b', 'available'));
    assert.deepEqual(world.near('a'), ['b', 'c']);
    world.index.applyItem('b', null);
    assert.deepEqual(world.near('a'), ['c']);
    assert.equal(world.index.catalogue.get('b'), undefined);
    world.index.close();
  });

  it('from the first catalogue entry on, items that the catalogue does not list are not found', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    assert.deepEqual(world.near('a'), ['b', 'c'], 'where no catalogue is kept, all are found');
    world.index.applyItem('c', item('c', 'available'));
    assert.deepEqual(world.near('a'), ['c'], 'b has no entry, as if it had been withdrawn before this start');
    await serveThree(world, 'g2');
    assert.deepEqual(world.near('a'), ['c'], 'also of a graph built later');
    world.index.applyItem('b', item('b', 'available'));
    assert.deepEqual(world.near('a'), ['b', 'c']);
    world.index.close();
  });

  it('of near-duplicates one is found, and the next replaces it as soon as it goes', async () => {
    const world = setUp();
    const { index, put, near } = world;
    index.markCaughtUp();
    for (const itemId of ['a', 'far']) index.applyItem(itemId, item(itemId));
    index.applyItem('tea2', item('tea2', 'available', 'Green tea'));
    index.applyItem('tea3', item('tea3', 'available', ' GREEN  tea'));
    index.applyItem('tea4', item('tea4', 'available', 'Green tea, 40 bags'));
    world.declare(release('g1', 'building', 5));
    put('g1', 'a', [1, 0]);
    put('g1', 'far', [0, 1]);
    for (const [place, itemId] of ['tea2', 'tea3', 'tea4'].entries())
      put('g1', itemId, [1, 0.1 + place / 1_000]);
    world.declare(release('g1', 'ready', 5));
    await waitFor(() => index.served?.generation.id === 'g1', { message: 'g1 serves' });
    assert.deepEqual(near('a'), ['tea2', 'tea4', 'far'], 'a different size is no duplicate');
    assert.deepEqual(near('tea3'), ['tea2', 'tea4', 'a', 'far'], 'it may still be asked about');

    index.applyItem('tea1', item('tea1', 'available', 'Green tea'));
    put('g1', 'tea1', [1, 0.1], 'inductive');
    assert.deepEqual(near('a'), ['tea2', 'tea4', 'far'], 'a new one stays out, whatever its id');
    index.applyItem('tea2', item('tea2', 'unavailable', 'Green tea'));
    assert.deepEqual(near('a'), ['tea3', 'tea4', 'far']);
    index.applyItem('tea3', null);
    assert.deepEqual(near('a'), ['tea1', 'tea4', 'far']);
    assert.equal(index.served?.refined.duplicateCount, 0);
    index.applyItem('tea2', item('tea2', 'available', 'Green tea'));
    assert.deepEqual(near('a'), ['tea2', 'tea4', 'far']);
    put('g1', 'tea1', [1, -0.2], 'inductive');
    assert.deepEqual(near('a'), ['tea2', 'tea4', 'tea1', 'far'], 'its vector tells it apart now');
    assert.equal(index.served?.graph.size, 5);
    index.close();
  });

  it('all near-duplicates are found where the minimum cosine is 1', async () => {
    const world = setUp({ duplicateCosine: 1 });
    world.index.markCaughtUp();
    for (const itemId of ['a', 'b', 'c']) world.index.applyItem(itemId, item(itemId, 'available', 'Same'));
    for (const itemId of ['a', 'b', 'c']) world.put('g1', itemId, [1, 0]);
    world.declare(release('g1', 'ready', 3));
    await waitFor(() => world.index.served !== undefined, { message: 'g1 serves' });
    assert.deepEqual(world.near('a').sort(), ['b', 'c']);
    world.index.close();
  });
});
