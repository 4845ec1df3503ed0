import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LastTimes } from './last-times.ts';

describe('the latest times of keys', () => {
  it('the latest time of a key is what a map would hold, while there is room', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 9 }))),
        (calls) => {
          const times = new LastTimes(16_384);
          const map = new Map<string, number>();
          for (const [key, time] of calls) {
            assert.equal(times.put(key, time), map.get(key));
            map.set(key, Math.max(time, map.get(key) ?? 0));
          }
        },
      ),
    );
  });

  it('the latest time of the least recently used key is forgotten first, and memory does not grow', () => {
    const times = new LastTimes(128);
    for (let key = 0; key < 8; key++) times.put(`key ${key}`, 1);
    assert.equal(times.put('key 0', 2), 1);
    times.put('new', 1);
    assert.equal(times.put('key 0', 3), 2, 'it was used');
    assert.equal(times.put('key 1', 3), undefined, 'it was the least recently used one');
  });
});
