import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyAction, createWindow } from '#algorithms/pinnersage/window.ts';
import { type CachedUser, CachedUsers } from './cached-users.ts';

/** A user with so many actions; an action takes 250 bytes of the estimate, and the rest of a user 1,000. */
function userOf(actions: number, offset = 0): CachedUser {
  const window = createWindow();
  for (let i = 0; i < actions; i++) {
    applyAction(window, { eventId: `e${i}`, itemId: 'tea', type: 'buy', occurredAt: i, weight: 1 }, actions);
  }
  return { window, clusters: undefined, offset, deltaBytes: 0 };
}

const bytesOf = (actions: number) => 1_000 + 250 * actions;

describe('cached users', () => {
  it('evicts the least recently active user first', () => {
    const users = new CachedUsers(3 * bytesOf(1));
    for (const userId of ['a', 'b', 'c']) users.put(userId, userOf(1));
    users.put('a', users.remove('a')!);
    users.put('d', userOf(1));
    const cached = ['a', 'b', 'c', 'd'].map((userId) => users.remove(userId) !== undefined);
    assert.deepEqual(cached, [true, false, true, true]);
  });

  it('does not cache a user that is larger than the bound, nor an older record of it', () => {
    const users = new CachedUsers(bytesOf(4));
    users.put('small', userOf(0));
    users.put('large', userOf(4));
    assert.equal(users.remove('small'), undefined, 'evicted for the large one');
    users.put('large', userOf(4));
    users.put('large', userOf(5));
    assert.equal(users.remove('large'), undefined);
    assert.equal(users.bytes, 0);
  });

  it('caches no user when the bound is 0', () => {
    const users = new CachedUsers(0);
    users.put('a', userOf(0));
    assert.equal(users.remove('a'), undefined);
  });

  it('never exceeds its bound, and returns the newest record of a user or none, once', () => {
    const records = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(9)));
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 8_000 }), (given, maximum) => {
        const users = new CachedUsers(maximum);
        given.forEach(([userId, actions], offset) => {
          users.put(userId, userOf(actions, offset));
          assert.ok(users.bytes <= maximum);
        });
        const newest = new Map(given.map(([userId, actions], offset) => [userId, { actions, offset }]));
        for (const [userId, { actions, offset }] of newest) {
          const before = users.bytes;
          const user = users.remove(userId);
          if (user !== undefined)
            assert.deepEqual([user.window.actions.length, user.offset], [actions, offset]);
          assert.equal(before - users.bytes, user === undefined ? 0 : bytesOf(actions));
          assert.equal(users.remove(userId), undefined);
        }
        assert.equal(users.bytes, 0);
      }),
    );
  });
});
