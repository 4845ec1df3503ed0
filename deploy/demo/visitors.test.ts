import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import type { ReceivedSlate } from '../data/gateway.ts';
import { createDepartments, react, visit } from './visitors.ts';

function shop() {
  const departments = createDepartments();
  departments.addItem({ itemId: 'apple', title: 'Apple', categories: ['Food', 'Fruit'] });
  departments.addItem({ itemId: 'pear', title: 'Pear', categories: ['Food', 'Fruit'] });
  departments.addItem({ itemId: 'soap', title: 'Soap', categories: ['Care'] });
  departments.addItem({ itemId: 'plain', title: 'Plain' });
  departments.learn({ userId: 'u', itemId: 'apple' });
  return departments;
}

const slate = (slateId: string, itemIds: readonly string[]): ReceivedSlate => ({
  slateId,
  userId: 'u',
  policy: 'p',
  generation: 'g',
  interestsVersion: 1,
  items: itemIds.map((itemId, slot) => ({ itemId, title: itemId, slot, models: [], reason: '' })),
});

test('an item suits a user who has acted in its department', () => {
  const departments = shop();
  const suits = (userId: string) =>
    ['apple', 'pear', 'soap', 'plain', 'unknown'].map((id) => departments.suits(userId, id));
  assert.deepEqual(suits('u'), [true, true, false, false, false]);
  assert.deepEqual(suits('stranger'), [false, false, false, false, false]);
});

test('visitors act on suitable items only, a purchase follows its click, and event ids are derived', () => {
  const random = createRandom(1);
  const actions = Array.from({ length: 500 }, (_, index) =>
    react(slate(`s${index}`, ['soap', 'pear', 'plain']), shop(), random, 42),
  ).flat();
  const clicks = actions.filter(({ type }) => type === 'click');
  const purchases = actions.filter(({ type }) => type === 'buy');
  assert.ok(
    actions.every(
      ({ itemId, userId, occurredAt, slot }) =>
        itemId === 'pear' && userId === 'u' && occurredAt === 42 && slot === 1,
    ),
  );
  // .3 / 1.25 of 500, and .3 of those.
  assert.ok(Math.abs(clicks.length - 120) < 40, `${clicks.length} clicks`);
  assert.ok(Math.abs(purchases.length / clicks.length - 0.3) < 0.15, `${purchases.length} purchases`);
  const clicked = new Set(clicks.map(({ eventId }) => eventId.replace('click', 'buy')));
  assert.ok(purchases.every(({ eventId }) => clicked.has(eventId)));
  assert.equal(new Set(actions.map(({ eventId }) => eventId)).size, actions.length);
  for (const { eventId, slateId } of actions) assert.ok(eventId.startsWith(`visit-${slateId}-`));
});

test('the same seed produces the same reactions', () => {
  const run = () => react(slate('s', Array(40).fill('pear')), shop(), createRandom('seed'), 0);
  assert.ok(run().length > 0);
  assert.deepEqual(run(), run());
});

test('visits continue until the signal; failed slates are counted and do not end the visits', async () => {
  const stop = new AbortController();
  const users = ['u', undefined, 'u', 'u'];
  let asked = 0;
  const seen = await visit({
    gateway: {
      recommend: async () => {
        asked += 1;
        if (asked === 2) throw new Error('unavailable');
        return slate('s', ['soap']);
      },
    },
    departments: shop(),
    random: createRandom(1),
    nextUser: () => users.shift(),
    emit: () => assert.fail('soap must not suit'),
    rate: 1000,
    sleep: async () => {
      if (users.length === 0) stop.abort();
    },
    signal: stop.signal,
  });
  assert.deepEqual(seen, { slates: 2, failed: 1 });
});
