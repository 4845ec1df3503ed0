import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { byUserAndTime, sequenceWindows } from './windows.ts';

const RANDOM = createRandom('windows');

const SHAPE = { lookBack: 2, horizon: 1 };

function actions(rows: ReadonlyArray<readonly [user: number, item: number, at: number]>) {
  return {
    user: Int32Array.from(rows, ([user]) => user),
    item: Int32Array.from(rows, ([, item]) => item),
    at: Float64Array.from(rows, ([, , at]) => at),
  };
}

describe('windows of sequences', () => {
  it('windows of sequences are read by user and time, and the actions of one time are in a random order', () => {
    const mixed = actions([
      [1, 5, 3],
      [0, 1, 2],
      [1, 4, 1],
      [0, 2, 2],
    ]);
    const orders = Array.from({ length: 30 }, (_, i) => byUserAndTime(mixed, RANDOM.fork(i)).join(' '));
    assert.deepEqual([...new Set(orders)].sort(), ['1 3 2 0', '3 1 2 0']);
  });

  it('each item is read in one window, and the items behind it are its targets', () => {
    const rows = [0, 1, 2, 3, 4].map((item) => [7, item, item] as const);
    const { items, isNew, count, length } = sequenceWindows(actions(rows), 5, SHAPE, RANDOM);
    assert.deepEqual([count, length], [2, 3]);
    assert.deepEqual([...items], [0, 1, 2, 2, 3, 4]);
    assert.ok(isNew.every((one) => one === 1));
  });

  it('an item that the user took before is read but is no target, and a window without a target is left out', () => {
    const rows = [0, 1, 0, 1, 0].map((item, at) => [7, item, at] as const);
    const { items, isNew, count } = sequenceWindows(actions(rows), 2, SHAPE, RANDOM);
    assert.equal(count, 1);
    assert.deepEqual([...items], [0, 1, 0]);
    assert.deepEqual([...isNew], [1, 1, 0]);
  });

  it('a window ends with its user, and a user of one action has none', () => {
    const { items, count } = sequenceWindows(
      actions([
        [0, 3, 0],
        [1, 0, 0],
        [1, 1, 1],
      ]),
      4,
      SHAPE,
      RANDOM,
    );
    assert.equal(count, 1);
    assert.deepEqual([...items], [0, 1, -1]);
  });
});
