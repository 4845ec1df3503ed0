import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Purchases } from '../../data/purchases.ts';
import { temporalSplit } from './split.ts';

/** Purchases as `user item` in order of time, one a second unless `seconds` says otherwise. */
function purchasesOf(lines: readonly string[], seconds = lines.map((_, i) => i)): Purchases {
  const [users, items] = [0, 1].map((part) => [...new Set(lines.map((line) => line.split(' ')[part]!))]);
  const columns = {
    user: Int32Array.from(lines, (line) => users!.indexOf(line.split(' ')[0]!)),
    item: Int32Array.from(lines, (line) => items!.indexOf(line.split(' ')[1]!)),
    context: Int32Array.from(lines, (_, i) => i),
    weight: new Float32Array(lines.length).fill(1),
    at: Float64Array.from(seconds, (second) => second * 1000),
  };
  return { columns, userIds: users!, itemIds: items!, catalogue: new Map() };
}

describe('the temporal split', () => {
  it('the test pairs are new pairs of known users and items', () => {
    const lines = ['1 10', '2 10', '1 20', '2 20', '1 30', '2 10', '1 20', '3 10', '2 30', '1 40'];
    const split = temporalSplit(purchasesOf([...lines, '2 20', '3 20']), {
      trainShare: 0.5,
      minimumBuyers: 1,
    });
    assert.deepEqual(split.itemIds, ['10', '20', '30']);
    assert.equal(split.train.item.length, 6);
    assert.deepEqual([...split.relevant], [[1, new Set([2])]], 'not 40, not household 3, nothing twice');
    assert.deepEqual([...split.test.item], [1, 0, 2, 1, 1], 'household 3 and repeats too, but not 40');
  });

  it('items that too few users bought before are left out of both parts', () => {
    const lines = ['1 10', '2 10', '1 20', '1 20', '2 20', '2 10', '1 10'];
    const split = temporalSplit(purchasesOf([...lines]), { trainShare: 0.6, minimumBuyers: 2 });
    assert.deepEqual(split.itemIds, ['10']);
    assert.deepEqual([...split.train.item], [0, 0]);
    assert.equal(split.relevant.size, 0);
  });

  it('purchases of one second are ordered by user and item as numbers', () => {
    const lines = ['10 1', '9 2', '9 1', '10 2'];
    const split = temporalSplit(purchasesOf(lines, [0, 0, 0, 0]), { trainShare: 0.75, minimumBuyers: 1 });
    const bought = [...split.train.user].map((user, i) => [user, split.itemIds[split.train.item[i]!]]);
    assert.deepEqual(bought, [
      [1, '1'],
      [1, '2'],
      [0, '1'],
    ]);
    assert.deepEqual([...split.relevant.keys()], [0]);
  });
});
