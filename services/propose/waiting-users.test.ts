import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { interests } from './interests.testing.ts';
import { type Asked, WaitingUsers } from './waiting-users.ts';

const asked = (userId: string, version = 1): Asked => ({
  interests: interests({ userId, version }),
  offset: 0,
  timestamp: 0,
  trace: undefined,
});
const idsOf = (waiting: WaitingUsers) => waiting.first(9).map(({ interests: { userId } }) => userId);

describe('the users who wait for a model', () => {
  it('the users who wait for a model keep their place with newer interests, and do not go back to older ones', () => {
    const waiting = new WaitingUsers(9);
    for (const one of [asked('a', 1), asked('b'), asked('a', 3), asked('a', 2)]) waiting.add(one);
    assert.deepEqual(
      waiting.first(9).map(({ interests: { userId, version } }) => [userId, version]),
      [
        ['a', 3],
        ['b', 1],
      ],
    );
    assert.deepEqual(
      waiting.first(1).map(({ interests: { userId } }) => userId),
      ['a'],
    );
  });

  it('the users who wait for a model are no more than the limit: the longest waiting is dropped', () => {
    const waiting = new WaitingUsers(2);
    assert.deepEqual(
      ['a', 'b', 'c', 'b'].map((userId) => waiting.add(asked(userId, 2))),
      [0, 0, 1, 0],
    );
    assert.deepEqual(idsOf(waiting), ['b', 'c']);
    assert.equal(new WaitingUsers(0).add(asked('a')), 1);
  });

  it('the users who wait for a model wait on when newer interests came while the older ones were answered', () => {
    const waiting = new WaitingUsers(9);
    const [first, second] = [asked('a', 1), asked('b', 1)];
    waiting.add(first);
    waiting.add(second);
    waiting.add(asked('a', 2));
    waiting.settle([first, second]);
    assert.deepEqual(idsOf(waiting), ['a']);
  });

  it('the users who wait for a model are postponed behind the others, unless they wait no more', () => {
    const waiting = new WaitingUsers(9);
    const all = ['a', 'b', 'c'].map((userId) => asked(userId));
    for (const one of all) waiting.add(one);
    waiting.forget('b');
    waiting.postpone(all.slice(0, 2));
    assert.deepEqual(idsOf(waiting), ['c', 'a']);
    assert.ok(waiting.has('a') && !waiting.has('b'));
  });
});
