import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf, HashSet } from './hash-set.ts';

describe('a set of digests', () => {
  it('it contains what was added and not deleted, whatever the digests', () => {
    // Digests with few remainders make long runs, which also wrap around the end.
    const digest = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(30).map((n) => 15 + 16 * n),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), digest), { maxLength: 300 }), (steps) => {
        const set = new HashSet();
        const model = new Set<number>();
        for (const [isAdded, one] of steps) {
          if (isAdded) assert.equal(set.add(one), !model.has(one));
          else assert.equal(set.delete(one), model.has(one));
          if (isAdded) model.add(one);
          else model.delete(one);
          assert.equal(set.size, model.size);
        }
        for (const one of model) assert.ok(set.has(one));
        for (let one = 1; one < 500; one++) assert.equal(set.has(one), model.has(one));
      }),
    );
  });

  it('a million texts have different digests and take at most 32 bytes each, and an emptied set little', () => {
    const set = new HashSet();
    for (let n = 0; n < 1e6; n++) assert.ok(set.add(digestOf(`item ${n}`)));
    assert.ok(set.bytes <= 32e6, `${set.bytes} bytes`);
    for (let n = 0; n < 1e6; n++) assert.ok(set.delete(digestOf(`item ${n}`)));
    assert.ok(set.bytes < 1_000, `${set.bytes} bytes`);
    assert.notEqual(digestOf('a', 1), digestOf('a', 2));
  });
});
