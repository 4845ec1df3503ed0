import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultSentence } from '../fault.ts';
import type { UserAction } from '../generated/records.ts';
import { actionFault, loggedActionFault } from './action-validity.ts';
import { anAction, RECORDED_AT } from './records.testing.ts';

/** The change that a case makes to a valid action, and the code and the sentence of its fault. */
type Case = readonly [name: string, change: Partial<UserAction>, code?: string, sentence?: RegExp];

const CASES: readonly Case[] = [
  ['is valid when nothing is wrong with it', {}],
  ['may be five minutes ahead of its acceptance', { receivedAt: RECORDED_AT - 300_000 }],
  [
    'may not be further ahead',
    { receivedAt: RECORDED_AT - 300_001 },
    'time.future',
    /^occurredAt is 300 s ahead of its acceptance; five minutes/,
  ],
  ['needs an event id', { eventId: '' }, 'field.invalid', /^eventId is empty/],
  ['needs an item', { itemId: '' }, 'field.invalid', /^itemId is empty/],
  ['needs a user', { userId: '' }, 'field.invalid', /^userId is empty/],
  [
    'may not be of the user that stands for everyone',
    { userId: '*' },
    'user.reserved',
    /^userId is reserved/,
  ],
  ['has ids of at most 256 bytes', { itemId: 'é'.repeat(129) }, 'field.invalid', /^itemId has 258 bytes/],
  ['may have ids of exactly 256 bytes', { itemId: 'é'.repeat(128) }],
  ['may have no context', { contextId: null }],
  [
    'has no longer context either',
    { contextId: 'c'.repeat(257) },
    'field.invalid',
    /^contextId has 257 bytes/,
  ],
  ['has a time after 1970', { occurredAt: -1 }, 'field.invalid', /^occurredAt is not a time/],
  ['has a time of whole milliseconds', { occurredAt: 0.5 }, 'field.invalid', /^occurredAt is not a time/],
];

describe('an action', () => {
  for (const [name, change, code, sentence] of CASES) {
    it(name, () => {
      const action = anAction(change);
      const fault = actionFault(action);
      assert.equal(fault?.code, code);
      if (fault !== undefined) assert.match(faultSentence(fault), sentence!);
      assert.deepEqual(loggedActionFault(action, action.userId), fault, 'the log has the same rules');
    });
  }
});

describe('an action in the log', () => {
  it('stands under the key of its user', () => {
    assert.equal(loggedActionFault(anAction(), 'u1'), undefined);
    const fault = loggedActionFault(anAction(), 'u2');
    assert.equal(fault?.code, 'message.key');
    assert.equal(fault && faultSentence(fault), 'userId is u1, but the message key is u2');
  });
});
