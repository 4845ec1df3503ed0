import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BoundedMap } from './bounded-map.ts';

it('forgets what was used least recently', () => {
  const map = new BoundedMap<string, string>(3, () => 1);
  for (const key of ['a', 'b', 'c']) map.set(key, key);
  assert.equal(map.get('a'), 'a');
  map.set('d', 'd');
  assert.equal(map.get('b'), undefined);
  assert.deepEqual(
    ['a', 'c', 'd'].map((key) => map.get(key)),
    ['a', 'c', 'd'],
  );
});

it('does not keep what is larger than its bound', () => {
  const map = new BoundedMap<string, number>(10, (value) => value);
  map.set('small', 4);
  map.set('large', 11);
  assert.equal(map.get('large'), undefined);
  assert.equal(map.count, 0);
});

it('never exceeds its bound, and gives back the newest value of a key or none', () => {
  const entries = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 9 })));
  fc.assert(
    fc.property(entries, fc.integer({ min: 0, max: 20 }), (given, maximum) => {
      const map = new BoundedMap<string, number>(maximum, (value) => value);
      for (const [key, value] of given) {
        map.set(key, value);
        assert.ok(map.size <= maximum);
      }
      const newest = new Map(given);
      const kept = [...newest].filter(([key]) => map.get(key) !== undefined);
      for (const [key, value] of kept) assert.equal(map.get(key), value);
      assert.equal(map.count, kept.length);
      assert.equal(
        map.size,
        kept.reduce((sum, [, value]) => sum + value, 0),
      );
    }),
  );
});
