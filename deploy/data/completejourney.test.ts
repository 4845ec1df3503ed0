import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCompletejourney } from './completejourney.ts';
import { collect, lastOf } from './dataset.ts';
import { groceryTitle, readable } from './grocery-title.ts';

// Three purchases and two products in the layout of the package (Snappy, INT96 times), written with pyarrow.
const FIXTURES = join(import.meta.dirname, 'fixtures');

test('a purchase becomes a buy in its basket, with the quantity as value', async () => {
  const dataset = await openCompletejourney(FIXTURES);
  const actions = await collect(dataset.actions());
  assert.equal(dataset.actionCount, 3);
  assert.deepEqual(actions[0], {
    eventId: 'cj-0',
    userId: '900',
    itemId: '25671',
    type: 'buy',
    occurredAt: Date.parse('2017-01-01T11:53:26Z'),
    contextId: '31',
    value: 1,
  });
  assert.deepEqual(
    actions.map(({ value }) => value),
    [1, 2, 0],
  );
});

test('a range of actions has the same ids as in the whole set', async () => {
  const dataset = await openCompletejourney(FIXTURES);
  const whole = await collect(dataset.actions());
  assert.deepEqual(await collect(dataset.actions(1, 2)), whole.slice(1, 2));
  assert.deepEqual(await collect(dataset.actions(2)), whole.slice(2));
  assert.deepEqual(await collect(dataset.actions(3)), []);
});

test('a product becomes an item with a readable title; unknown properties are left out', async () => {
  const dataset = await openCompletejourney(FIXTURES);
  assert.deepEqual(await collect(dataset.items()), [
    {
      itemId: '25671',
      title: 'Ice - crushed/cubed, 22 lb (store brand)',
      categories: ['Grocery', 'Frozen ice', 'Ice - crushed/cubed'],
      attributes: { brand: 'Private', 'package size': '22 lb' },
    },
    {
      itemId: '26081',
      title: 'Miscellaneous',
      categories: ['Miscellaneous'],
      attributes: { brand: 'National' },
    },
  ]);
});

test('a limit selects the last actions and only their items', async () => {
  const limited = lastOf(await openCompletejourney(FIXTURES), 1);
  assert.equal(limited.actionCount, 1);
  assert.deepEqual(
    (await collect(limited.actions())).map(({ eventId }) => eventId),
    ['cj-2'],
  );
  assert.deepEqual(
    (await collect(limited.items())).map(({ itemId }) => itemId),
    ['25671'],
  );
});

test('a limit above the size changes nothing', async () => {
  const dataset = await openCompletejourney(FIXTURES);
  assert.equal(lastOf(dataset, 4), dataset);
});

test('shop codes are turned into readable words', () => {
  assert.equal(readable('FRZN SS PREMIUM ENTREES/DNRS/N'), 'Frozen single-serve premium entrees/dinners/n');
  assert.equal(readable('SFT DRNK MLT-PK BTL CARB (EXCP:'), 'Soft drink multi-pack bottle carbonated');
  assert.equal(readable('BREAD:ITALIAN/FRENCH'), 'Bread: italian/french');
  assert.equal(readable('CHRISTMAS  SEASONAL'), 'Christmas seasonal');
});

test('a product without any words still has a title', () => {
  const blank = {
    department: ' ',
    brand: null,
    product_category: null,
    product_type: null,
    package_size: null,
  };
  assert.equal(groceryTitle({ product_id: 7n, ...blank }), 'Product 7');
});
