import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultSentence } from '../fault.ts';
import type { UserAction } from '../generated/records.ts';
import { actionFault, loggedActionFault } from './action-validity.ts';
import { anAction, RECORDED_AT } from './records.testing.ts';

/** The change that a case makes to a valid action, and the code and the sentence of its fault. */
type Case = readonly [name: string, change: Partial<UserAction>, code?: string, sentence?: RegExp];

const CASES: readonly Case[] = [
  ['accepts an action without a fault', {}],
  ['accepts a time five minutes after the acceptance', { receivedAt: RECORDED_AT - 300_000 }],
  [
    'rejects a time further after the acceptance',
    { receivedAt: RECORDED_AT - 300_001 },
    'time.future',
    /^occurredAt is 300 s ahead of its acceptance; five minutes/,
  ],
  ['rejects an action without an event id', { eventId: '' }, 'field.invalid', /^eventId is empty/],
  ['rejects an action without an item', { itemId: '' }, 'field.invalid', /^itemId is empty/],
  ['rejects an action without a user', { userId: '' }, 'field.invalid', /^userId is empty/],
  [
    'rejects an action of the user that stands for everyone',
    { userId: '*' },
    'user.reserved',
    /^userId is reserved/,
  ],
  [
    'rejects an id of more than 256 bytes',
    { itemId: 'é'.repeat(129) },
    'field.invalid',
    /^itemId has 258 bytes/,
  ],
  ['accepts an id of exactly 256 bytes', { itemId: 'é'.repeat(128) }],
  ['accepts an action without a context', { contextId: null }],
  [
    'rejects a context id of more than 256 bytes',
    { contextId: 'c'.repeat(257) },
    'field.invalid',
    /^contextId has 257 bytes/,
  ],
  ['rejects a time before 1970', { occurredAt: -1 }, 'field.invalid', /^occurredAt is not a time/],
  [
    'rejects a time with a fraction of a millisecond',
    { occurredAt: 0.5 },
    'field.invalid',
    /^occurredAt is not a time/,
  ],
];

describe('an action', () => {
  for (const [name, change, code, sentence] of CASES) {
    it(name, () => {
      const action = anAction(change);
      const fault = actionFault(action);
      assert.equal(fault?.code, code);
      if (fault !== undefined) assert.match(faultSentence(fault), sentence!);
      assert.deepEqual(loggedActionFault(action, action.userId), fault, 'the same rules hold in the log');
    });
  }
});

describe('an action in the log', () => {
  it('rejects an action in the log under the key of another user', () => {
    assert.equal(loggedActionFault(anAction(), 'u1'), undefined);
    const fault = loggedActionFault(anAction(), 'u2');
    assert.equal(fault?.code, 'message.key');
    assert.equal(fault && faultSentence(fault), 'userId is u1, but the message key is u2');
  });
});
