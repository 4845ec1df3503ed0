import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EmbeddedItems } from './embedded-items.ts';

describe('the embedded items', () => {
  it('are known by generation', () => {
    const embedded = new EmbeddedItems();
    embedded.take('g1/tea', false);
    assert.deepEqual([embedded.has('g1', 'tea'), embedded.has('g2', 'tea')], [true, false]);
    embedded.take('g1/tea', true);
    assert.equal(embedded.has('g1', 'tea'), false);
  });

  it('may have ids with a slash', () => {
    const embedded = new EmbeddedItems();
    embedded.take('g1/food/tea', false);
    assert.equal(embedded.has('g1', 'food/tea'), true);
    assert.deepEqual(embedded.drain('g1'), ['g1/food/tea']);
  });

  it('are drained once, and of that generation alone', () => {
    const embedded = new EmbeddedItems();
    for (const key of ['g1/tea', 'g1/nail', 'g2/tea']) embedded.take(key, false);
    assert.deepEqual(embedded.drain('g1'), ['g1/tea', 'g1/nail']);
    assert.deepEqual(embedded.drain('g1'), []);
    embedded.take('g1/tea', true);
    assert.deepEqual(embedded.drain('g1'), [], 'the tombstone read back brings nothing back');
    assert.equal(embedded.has('g2', 'tea'), true);
  });
});
