import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserAction } from '../generated/records.ts';
import { actionFault } from './action-validity.ts';

const ACCEPTED = Date.parse('2026-03-01T12:00:00Z');
const SAMPLE: UserAction = {
  eventId: 'e1',
  userId: 'user-1',
  itemId: 'i1',
  type: 'buy',
  occurredAt: ACCEPTED,
  receivedAt: ACCEPTED,
  contextId: null,
  value: null,
};

describe('an action in the log', () => {
  const cases: Array<[string, Partial<UserAction>, RegExp | undefined]> = [
    ['is taken when nothing is wrong', {}, undefined],
    ['may be five minutes ahead', { receivedAt: ACCEPTED - 300_000 }, undefined],
    ['may be no later than that', { receivedAt: ACCEPTED - 300_001 }, /five minutes after receivedAt/],
    ['needs an event id', { eventId: '' }, /^eventId has not 1 to 256 bytes/],
    ['needs an item', { itemId: '' }, /^itemId has not/],
    ['needs a user', { userId: '' }, /^userId has not/],
    ['has ids of at most 256 bytes', { eventId: 'e', itemId: 'é'.repeat(129) }, /^itemId has not/],
    ['has ids of up to 256 bytes', { eventId: 'e', itemId: 'é'.repeat(128) }, undefined],
    ['has a time after 1970', { occurredAt: -1 }, /^occurredAt is no time/],
    ['has a time of whole milliseconds', { occurredAt: 0.5 }, /^occurredAt is no time/],
  ];
  for (const [name, change, fault] of cases) {
    it(name, () => {
      const found = actionFault({ ...SAMPLE, ...change }, change.userId ?? SAMPLE.userId);
      if (fault === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', fault);
    });
  }

  it('is keyed by its user', () => {
    assert.match(actionFault(SAMPLE, 'u2') ?? '', /userId is user-1, but the message key is u2/);
  });
});
