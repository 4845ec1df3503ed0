import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { IndexClient } from '#index-client/index-client.ts';
import { createTitles } from './titles.ts';

/** Titles in front of an index that records its requests. */
function setUp({ capacity = 10, ttlMs = 1_000 } = {}) {
  const catalogue = new Map([
    ['a', 'Apples'],
    ['b', 'Bread'],
    ['c', 'Cheese'],
  ]);
  const asked: string[][] = [];
  const world = { time: 0, isUp: true, catalogue, asked };
  const items: IndexClient['items'] = async (itemIds) => {
    if (!world.isUp) throw new Error('down');
    asked.push([...itemIds]);
    const known = itemIds.filter((itemId) => catalogue.has(itemId));
    return Object.fromEntries(
      known.map((itemId) => [itemId, { title: catalogue.get(itemId)!, availability: 'available' }]),
    );
  };
  const log = pino({ level: 'silent' });
  const titles = createTitles({ index: { items }, capacity, ttlMs, log, now: () => world.time });
  return { ...world, world, titles };
}

describe('titles', () => {
  it('titles are requested once and together, and the id stands in for an unknown one', async () => {
    const { titles, asked } = setUp();
    const titleOf = await titles(['a', 'b', 'a', 'x']);
    assert.deepEqual(['a', 'b', 'x'].map(titleOf), ['Apples', 'Bread', 'x']);
    await titles(['a', 'b']);
    assert.deepEqual(asked, [['a', 'b', 'x']]);
  });

  it('an expired title is requested again, so that a new one appears', async () => {
    const { titles, asked, world } = setUp();
    await titles(['a']);
    world.catalogue.set('a', 'Apricots');
    world.time = 1_000;
    assert.equal((await titles(['a']))('a'), 'Apricots');
    assert.equal(asked.length, 2);
  });

  it('expired titles stand in when the index does not answer', async () => {
    const { titles, world } = setUp();
    await titles(['a']);
    world.time = 5_000;
    world.isUp = false;
    const titleOf = await titles(['a', 'b']);
    assert.deepEqual(['a', 'b'].map(titleOf), ['Apples', 'b']);
  });

  it('the least recently used title is evicted first', async () => {
    const { titles, asked } = setUp({ capacity: 2 });
    await titles(['a']);
    await titles(['b']);
    await titles(['a']);
    await titles(['c']);
    await titles(['a']);
    await titles(['b']);
    assert.deepEqual(asked, [['a'], ['b'], ['c'], ['b']]);
  });
});
