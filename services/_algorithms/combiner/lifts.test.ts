import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { liftsOf } from './lifts.ts';

const OPTIONS = { slots: 1, step: 0.25, most: 1 };

/** The items that stand first for some user when the lifts are added. */
function shown(scores: ReadonlyArray<readonly number[]>, lifts: ArrayLike<number>): Set<number> {
  return new Set(
    scores.map((own) => {
      const lifted = own.map((score, item) => score + lifts[item]!);
      return lifted.indexOf(Math.max(...lifted));
    }),
  );
}

function usersOf(scores: ReadonlyArray<readonly number[]>) {
  return scores.map((own) => ({ items: Int32Array.from(own.keys()), scores: Float64Array.from(own) }));
}

describe('lifts of under-served items', () => {
  // Item 0 is the best for everybody; item 1 nearly is for the second user, item 2 is far behind.
  const scores = [
    [2, 0, 0.1],
    [2, 1.6, 0],
    [2, 0, 0],
  ];

  it('an item rises until it stands first for the user whom it suits best, and no further', () => {
    const lifts = liftsOf(usersOf(scores), 3, OPTIONS);
    assert.deepEqual([...lifts], [0, 0.5, 1]);
    assert.deepEqual(shown(scores, lifts), new Set([0, 1]));
  });

  it('more items are shown the further they may rise', () => {
    const lifts = liftsOf(usersOf(scores), 3, { ...OPTIONS, most: 2 });
    assert.deepEqual(shown(scores, lifts), new Set([0, 1, 2]));
  });

  it('without users, or without a rise, lifts change no order', () => {
    assert.deepEqual([...liftsOf(usersOf(scores), 3, { ...OPTIONS, most: 0 })], [0, 0, 0]);
    assert.deepEqual([...liftsOf([], 2, OPTIONS)], [1, 1]);
  });
});
