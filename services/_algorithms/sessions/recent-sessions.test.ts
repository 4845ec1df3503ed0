import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RecentSessions, type SessionAction } from './recent-sessions.ts';

const LIMITS = { sessions: 100, sessionsOfItem: 100, items: 50, gapMs: 1_000 };
let events = 0;

function act(userId: string, itemId: string, change: Partial<SessionAction> = {}): SessionAction {
  events += 1;
  return { eventId: `e${events}`, userId, itemId, type: 'view', contextId: null, occurredAt: 0, ...change };
}

function sessionsOf(actions: readonly SessionAction[], limits = LIMITS): RecentSessions {
  const sessions = new RecentSessions(limits);
  for (const action of actions) sessions.add(action);
  return sessions;
}

const itemsWith = (sessions: RecentSessions, itemId: string) =>
  sessions.withItem(itemId).map(({ items }) => items);

describe('recent sessions', () => {
  it('a session ends after a gap without an action, unless a context holds it together', () => {
    const sessions = sessionsOf([
      act('ann', 'a'),
      act('ann', 'b', { occurredAt: 1_000 }),
      act('ann', 'c', { occurredAt: 2_001 }),
      act('bob', 'a', { contextId: 'list' }),
      act('bob', 'd', { contextId: 'list', occurredAt: 9_999 }),
    ]);
    assert.deepEqual(itemsWith(sessions, 'a'), [
      ['a', 'b'],
      ['a', 'd'],
    ]);
    assert.deepEqual(sessions.latestOf('ann')?.items, ['c']);
    assert.equal(sessions.latestOf('nobody'), undefined);
  });

  it('contexts of two users are two sessions, and so are two contexts of a user', () => {
    const sessions = sessionsOf([
      act('ann', 'a', { contextId: '1' }),
      act('bob', 'a', { contextId: '1' }),
      act('ann', 'a', { contextId: '2' }),
      act('ann', 'b', { contextId: '1' }),
    ]);
    assert.deepEqual(itemsWith(sessions, 'a'), [['a', 'b'], ['a'], ['a']]);
    assert.deepEqual(sessions.latestOf('ann')?.items, ['a', 'b']);
  });

  it('an item that is taken again moves to the end, with the type of that action', () => {
    const sessions = sessionsOf([act('ann', 'a'), act('ann', 'b'), act('ann', 'a', { type: 'buy' })]);
    const { items, types } = sessions.latestOf('ann')!;
    assert.deepEqual(
      [items, types],
      [
        ['b', 'a'],
        ['view', 'buy'],
      ],
    );
    assert.equal(sessions.withItem('a').length, 1);
  });

  it('an action that is sent again changes nothing', () => {
    const [first, second] = [act('ann', 'a'), act('ann', 'b')];
    assert.deepEqual(sessionsOf([first, second, first]).latestOf('ann')?.items, ['a', 'b']);
  });

  const actions = fc.array(
    fc.record({
      userId: fc.constantFrom('ann', 'bob', 'cid'),
      itemId: fc.constantFrom('a', 'b', 'c', 'd'),
      contextId: fc.constantFrom(null, '1', '2'),
      occurredAt: fc.nat(5_000),
    }),
    { maxLength: 60 },
  );

  it('the memory stays within the limits, and no item leads to a session that was forgotten', () => {
    fc.assert(
      fc.property(actions, (log) => {
        const limits = { sessions: 3, sessionsOfItem: 2, items: 2, gapMs: 1_000 };
        const sessions = sessionsOf(
          log.map(({ userId, itemId, ...rest }) => act(userId, itemId, rest)),
          limits,
        );
        assert.ok(sessions.size <= 3);
        assert.ok(sessions.itemCount <= 3 * 2);
        const distinct = new Set<unknown>();
        for (const itemId of ['a', 'b', 'c', 'd']) {
          const own = sessions.withItem(itemId);
          assert.ok(own.length <= 2);
          for (const session of own) {
            assert.ok(session.items.includes(itemId));
            assert.ok(session.items.length <= 2);
            assert.equal(session.types.length, session.items.length);
            distinct.add(session);
          }
        }
        assert.ok(distinct.size <= 3);
      }),
    );
  });

  it('the state after a rebuild is that of before', () => {
    fc.assert(
      fc.property(actions, (log) => {
        const sent = log.map(({ userId, itemId, ...rest }) => act(userId, itemId, rest));
        const stateOf = (sessions: RecentSessions) =>
          ['a', 'b', 'c', 'd'].map((itemId) => sessions.withItem(itemId));
        assert.deepEqual(stateOf(sessionsOf(sent)), stateOf(sessionsOf(structuredClone(sent))));
      }),
    );
  });
});
