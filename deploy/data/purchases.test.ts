import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dataset, type DatasetAction, range } from './dataset.ts';
import { purchasesOf } from './purchases.ts';

const ACTIONS: DatasetAction[] = [
  { eventId: 'e0', userId: 'ann', itemId: 'milk', type: 'buy', occurredAt: 10, contextId: 'basket' },
  { eventId: 'e1', userId: 'ann', itemId: 'bread', type: 'buy', occurredAt: 10, contextId: 'basket' },
  { eventId: 'e2', userId: 'bob', itemId: 'milk', type: 'buy', occurredAt: 20 },
  { eventId: 'e3', userId: 'bob', itemId: 'milk', type: 'buy', occurredAt: 30 },
];

const DATASET: Dataset = {
  name: 'test',
  title: 'four purchases',
  actionCount: ACTIONS.length,
  items: () => range([{ itemId: 'milk', title: 'Milk' }]),
  actions: (from, to) => range(ACTIONS, from, to),
};

test('actions become columns of numbers in the order of first occurrence', async () => {
  const { columns, userIds, itemIds, catalogue } = await purchasesOf(DATASET);
  assert.deepEqual([...columns.user], [0, 0, 1, 1]);
  assert.deepEqual([...columns.item], [0, 1, 0, 0]);
  assert.deepEqual([...columns.context], [0, 0, 1, 2]);
  assert.deepEqual([...columns.at], [10, 10, 20, 30]);
  assert.deepEqual([...columns.weight], [1, 1, 1, 1]);
  assert.deepEqual(userIds, ['ann', 'bob']);
  assert.deepEqual(itemIds, ['milk', 'bread']);
  assert.equal(catalogue.get('milk')?.title, 'Milk');
});
