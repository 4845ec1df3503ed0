import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Copies } from './copies.ts';

describe('copies', () => {
  it('the first row of each group is kept, whatever came and went, and changes are reported', () => {
    const step = fc.record({ row: fc.nat(8), name: fc.constantFrom('a', 'b', undefined) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const copies = new Copies((a, b) => a - b);
        const names = new Map<number, string>();
        for (const { row, name } of steps) {
          const before = Array.from({ length: 9 }, (_, one) => copies.has(one));
          const changed = name === undefined ? copies.delete(row) : copies.put(row, name);
          if (name === undefined) names.delete(row);
          else names.set(row, name);
          for (let one = 0; one < 9; one++) {
            const isFirst = ![...names].some(([other, of]) => of === names.get(one) && other < one);
            assert.equal(copies.has(one), names.has(one) && !isFirst);
            if (one !== row && before[one] !== copies.has(one)) assert.ok(changed.has(one));
          }
          assert.equal(copies.size, names.size - new Set(names.values()).size);
        }
      }),
    );
  });
});
