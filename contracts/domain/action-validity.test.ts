import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultSentence } from '../fault.ts';
import type { UserAction } from '../generated/records.ts';
import { actionFault, timestampOf } from './action-validity.ts';
import { anAction, logged, RECORDED_AT } from './records.testing.ts';
import { MAX_FUTURE_MS } from './times.ts';

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
  ['accepts an action on a slot of a slate', { slateId: 's1', slot: 999 }],
  ['accepts an action that names a slate and no slot', { slateId: 's1' }],
  [
    'rejects a slot without its slate',
    { slot: 3 },
    'field.invalid',
    /^slot is a place in a slate, so name the slate in slateId too/,
  ],
  [
    'rejects a slot that no slate has',
    { slateId: 's1', slot: 1_000 },
    'field.invalid',
    /^slot is 1000; it must be a whole number from 0 to 999/,
  ],
  ['rejects a slot below the first', { slateId: 's1', slot: -1 }, 'field.invalid', /^slot is -1/],
  ['rejects an empty slate id', { slateId: '' }, 'field.invalid', /^slateId is empty/],
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
  [
    'rejects seconds, and says so',
    { occurredAt: RECORDED_AT / 1_000 },
    'field.invalid',
    /^occurredAt looks like seconds: give milliseconds/,
  ],
  [
    'rejects microseconds in both times',
    { occurredAt: RECORDED_AT * 1_000, receivedAt: RECORDED_AT * 1_000 },
    'field.invalid',
    /^occurredAt looks like microseconds/,
  ],
  [
    'rejects microseconds as the acceptance alone',
    { receivedAt: RECORDED_AT * 1_000 },
    'field.invalid',
    /^receivedAt looks like microseconds/,
  ],
];

describe('an action', () => {
  for (const [name, change, code, sentence] of CASES) {
    it(name, () => {
      const fault = actionFault(logged(anAction(change)));
      assert.equal(fault?.code, code);
      if (fault !== undefined) assert.match(faultSentence(fault), sentence!);
    });
  }

  it('rejects an action in the log under the key of another user', () => {
    const fault = actionFault({ ...logged(anAction()), key: 'u2' });
    assert.equal(fault?.code, 'message.key');
    assert.equal(fault && faultSentence(fault), 'userId is u1, but the message key is u2');
  });
});

describe('the time of an action in the log', () => {
  const far = RECORDED_AT + 3_600_000;

  it('is bounded by the timestamp of its message, whatever acceptance the message names', () => {
    const value = anAction({ occurredAt: far, receivedAt: far });
    const fault = actionFault({ ...logged(value), timestamp: RECORDED_AT });
    assert.equal(fault?.code, 'time.future');
    assert.match(faultSentence(fault!), /^occurredAt is 3600 s ahead of the timestamp of its message/);
    assert.equal(actionFault({ ...logged(value), timestamp: far - MAX_FUTURE_MS }), undefined);
    for (const timestamp of [-1, Number.NaN])
      assert.equal(actionFault({ ...logged(value), timestamp })?.code, 'time.future', String(timestamp));
  });

  it('may lie long before the timestamp and the acceptance, as in a history that is loaded', () => {
    const value = anAction({ occurredAt: RECORDED_AT - 90 * 86_400_000, receivedAt: RECORDED_AT });
    assert.equal(actionFault(logged(value)), undefined, 'through the gateway');
    assert.equal(actionFault({ ...logged(value), timestamp: RECORDED_AT }), undefined, 'from another client');
  });

  it('never makes the timestamp of the gateway exceed its clock', () => {
    const ahead = anAction({ occurredAt: RECORDED_AT + MAX_FUTURE_MS, receivedAt: RECORDED_AT });
    assert.equal(timestampOf(ahead), RECORDED_AT);
    assert.equal(actionFault(logged(ahead)), undefined);
    assert.equal(timestampOf(anAction({ occurredAt: 5, receivedAt: 9 })), 5, 'retention goes by event time');
  });
});
