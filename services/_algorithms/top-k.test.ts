import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TopK } from './top-k.ts';

function drain(top: TopK): { ids: number[]; scores: number[] } {
  const ids = new Int32Array(top.size);
  const scores = new Float64Array(top.size);
  top.drainInto(ids, scores);
  return { ids: [...ids], scores: [...scores] };
}

test('the heap keeps the head of a full sort', () => {
  const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double());
  fc.assert(
    fc.property(fc.array(score), fc.nat(20), (scores, k) => {
      const top = new TopK(k);
      scores.forEach((value, id) => {
        top.offer(id, value);
      });
      const sorted = scores
        .map((value, id) => ({ id, value }))
        .filter(({ value }) => !Number.isNaN(value))
        .sort((a, b) => Number(b.value > a.value) - Number(a.value > b.value) || a.id - b.id)
        .slice(0, k);
      assert.equal(top.size, sorted.length);
      const { ids } = drain(top);
      assert.deepEqual(
        ids,
        sorted.map(({ id }) => id),
      );
      assert.equal(top.size, 0);
    }),
  );
});

test('a drained or cleared selection starts empty', () => {
  const top = new TopK(2);
  for (const [id, score] of [4, 9, 1].entries()) top.offer(id, score);
  assert.deepEqual(drain(top), { ids: [1, 0], scores: [9, 4] });
  top.offer(7, 2);
  top.clear();
  top.offer(8, 1);
  assert.deepEqual(drain(top), { ids: [8], scores: [1] });
});

test('ties go to the smaller id, in any order of arrival', () => {
  const top = new TopK(1);
  top.offer(5, 1);
  top.offer(3, 1);
  top.offer(4, 1);
  assert.deepEqual(drain(top).ids, [3]);
});

test('a capacity that is not a natural number is rejected', () => {
  for (const capacity of [-1, 1.5, Number.NaN]) assert.throws(() => new TopK(capacity), RangeError);
});
