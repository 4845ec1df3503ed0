import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserAction } from '#contracts/generated/records.ts';
import { ActionLog } from './action-log.ts';

const DAY = 86_400_000;
const NOW = 20_000 * DAY;

let events = 0;
function action(itemId: string, change: Partial<UserAction> = {}): UserAction {
  return {
    eventId: `e${events++}`,
    userId: 'u1',
    itemId,
    type: 'buy',
    occurredAt: NOW,
    receivedAt: NOW,
    contextId: null,
    value: null,
    ...change,
  };
}

function logOf(...actions: UserAction[]): ActionLog {
  const log = new ActionLog({ buy: 1, view: 0.25, hide: -1 });
  for (const one of actions) log.take(one);
  return log;
}

describe('the log of actions', () => {
  it('counts a repeated event once', () => {
    const one = action('tea');
    assert.equal(logOf(one, one, action('tea')).size, 2);
  });

  it('keeps positive actions alone', () => {
    assert.equal(logOf(action('tea', { type: 'hide' }), action('tea', { type: 'rate' })).size, 0);
  });

  it('forgets what is older than so many days before the newest, its events too', () => {
    const old = action('tea', { occurredAt: NOW - 10 * DAY });
    const log = logOf(old, action('nail', { occurredAt: NOW - 5 * DAY }), action('mate'));
    log.forgetOlderThan(5);
    assert.equal(log.size, 2);
    assert.deepEqual(log.snapshot(9, []).itemIds, ['mate', 'nail']);
    assert.equal(log.newest, NOW);
    log.take(old);
    assert.equal(log.size, 3);
  });

  it('is not emptied by a time from the future', () => {
    const log = logOf(action('tea'), action('bad', { occurredAt: NOW + 365 * DAY }));
    assert.deepEqual([log.size, log.newest], [1, NOW]);
  });

  it('gives the items of most actions, numbered densely, ties by id', () => {
    const log = logOf(
      action('rare'),
      action('tea'),
      action('nail'),
      action('tea'),
      action('mate'),
      action('mate'),
    );
    const { itemIds, columns } = log.snapshot(2, []);
    assert.deepEqual(itemIds, ['mate', 'tea']);
    assert.deepEqual([...columns.item], [1, 1, 0, 0], 'in log order');
    assert.equal(columns.user.length, 4);
  });

  it('numbers items of the catalogue that nobody took, after the others', () => {
    const { itemIds } = logOf(action('tea')).snapshot(9, ['b', 'a', 'tea']);
    assert.deepEqual(itemIds, ['tea', 'a', 'b']);
  });

  it('leaves out what a catalogue does not hold: it was withdrawn, or has not arrived', () => {
    const { itemIds, columns } = logOf(action('tea'), action('gone')).snapshot(9, ['tea']);
    assert.deepEqual(itemIds, ['tea']);
    assert.equal(columns.item.length, 1);
  });

  it('takes the context of the app, else what the user did in one day', () => {
    const { columns } = logOf(
      action('a', { contextId: 'basket' }),
      action('b', { contextId: 'basket', userId: 'u2' }),
      action('c'),
      action('d', { occurredAt: NOW + 1 }),
      action('e', { occurredAt: NOW + DAY }),
      action('f', { userId: 'u2' }),
    ).snapshot(9, []);
    const [a, b, c, d, e, f] = columns.context;
    assert.equal(a, b);
    assert.equal(c, d);
    assert.equal(new Set([a, c, e, f]).size, 4);
  });

  it('gives a copy: what comes later does not change it', () => {
    const log = logOf(action('tea', { type: 'view' }));
    const before = log.snapshot(9, []);
    log.take(action('nail'));
    assert.deepEqual([before.itemIds, [...before.columns.weight]], [['tea'], [0.25]]);
  });
});
