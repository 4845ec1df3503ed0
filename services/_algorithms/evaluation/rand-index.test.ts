import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adjustedRandIndex } from './rand-index.ts';

const labellings = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 15 }).map((rows) => ({
  a: rows.map(([one]) => one),
  b: rows.map(([, other]) => other),
}));

/** The definition: counts pairs of objects that are together in both, either or neither. */
function byPairs(a: number[], b: number[]): number {
  let [both, onlyA, onlyB, neither] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      if (a[i] === a[j]) b[i] === b[j] ? both++ : onlyA++;
      else b[i] === b[j] ? onlyB++ : neither++;
    }
  }
  const denominator = (both + onlyA) * (onlyA + neither) + (both + onlyB) * (onlyB + neither);
  return denominator === 0 ? 1 : (2 * (both * neither - onlyA * onlyB)) / denominator;
}

test('the index equals that of counting pairs, and is symmetric', () => {
  fc.assert(
    fc.property(labellings, ({ a, b }) => {
      assert.ok(Math.abs(adjustedRandIndex(a, b) - byPairs(a, b)) < 1e-9);
      assert.ok(Math.abs(adjustedRandIndex(a, b) - adjustedRandIndex(b, a)) < 1e-12);
    }),
  );
});

test('the index depends on the partition, not on the names of its labels', () => {
  fc.assert(
    fc.property(labellings, ({ a }) => {
      assert.equal(
        adjustedRandIndex(
          a,
          a.map((label) => 7 - 2 * label),
        ),
        1,
      );
    }),
  );
});

test('the index of worked examples is exact', () => {
  assert.ok(Math.abs(adjustedRandIndex([0, 0, 1, 1], [0, 0, 1, 2]) - 4 / 7) < 1e-12);
  assert.ok(Math.abs(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1]) + 0.5) < 1e-12);
  assert.throws(() => adjustedRandIndex([0], [0, 1]), RangeError);
});
