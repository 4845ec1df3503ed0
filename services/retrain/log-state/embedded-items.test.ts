import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EmbeddedItem, EmbeddedItemIds } from './embedded-items.ts';

const EMBEDDING: EmbeddedItem = { origin: 'inductive', basis: { content: 5, degree: 2 } };

describe('the embedded items', () => {
  it('embedded items are known by generation', () => {
    const embedded = new EmbeddedItemIds();
    embedded.apply('g1/tea', EMBEDDING);
    assert.deepEqual(embedded.get('g1', 'tea'), EMBEDDING);
    assert.equal(embedded.get('g2', 'tea'), undefined);
    embedded.apply('g1/tea', null);
    assert.equal(embedded.get('g1', 'tea'), undefined);
  });

  it('ids may contain a slash', () => {
    const embedded = new EmbeddedItemIds();
    embedded.apply('g1/food/tea', EMBEDDING);
    assert.deepEqual(embedded.get('g1', 'food/tea'), EMBEDDING);
    assert.deepEqual(embedded.drain('g1'), ['g1/food/tea']);
  });

  it('items are drained once, and only those of that generation', () => {
    const embedded = new EmbeddedItemIds();
    for (const key of ['g1/tea', 'g1/nail', 'g2/tea']) embedded.apply(key, EMBEDDING);
    assert.deepEqual(embedded.drain('g1'), ['g1/tea', 'g1/nail']);
    assert.deepEqual(embedded.drain('g1'), []);
    embedded.apply('g1/tea', null);
    assert.deepEqual(embedded.drain('g1'), [], 'reading the own tombstone changes nothing');
    assert.deepEqual(embedded.get('g2', 'tea'), EMBEDDING);
  });
});
