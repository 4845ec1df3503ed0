import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Categories } from './categories.ts';

describe('the categories of the catalogue', () => {
  it('an item has the categories of its last message, and none when it has none or is withdrawn', () => {
    const categories = new Categories();
    categories.apply('milk', { categories: ['food', 'dairy'] });
    categories.apply('cream', { categories: ['food', 'dairy'] });
    categories.apply('tea', { categories: ['food'] });
    assert.deepEqual(categories.of('milk'), ['food', 'dairy']);
    assert.equal(categories.of('cream'), categories.of('milk'), 'a path is held once');
    categories.apply('milk', null);
    categories.apply('tea', { categories: [] });
    assert.deepEqual([categories.of('milk'), categories.of('tea'), categories.of('nail')], [[], [], []]);
  });
});
