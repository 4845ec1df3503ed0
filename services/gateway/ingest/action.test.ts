import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ACTION_TYPES } from '#contracts/generated/records.ts';
import { validateAction } from './action.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const GOOD = { userId: 'u1', itemId: 'i1', type: 'buy' };

/** The entry, the code, the field at fault, and a part of the reason. */
const BAD: ReadonlyArray<[unknown, string, string | undefined, RegExp]> = [
  [null, 'field.invalid', undefined, /object/],
  [5, 'field.invalid', undefined, /object/],
  ['buy', 'field.invalid', undefined, /object/],
  [[], 'field.invalid', undefined, /object/],
  [{ itemId: 'i1', type: 'buy' }, 'field.missing', 'userId', /missing/],
  [{ userId: 'u1', type: 'buy' }, 'field.missing', 'itemId', /missing/],
  [{ userId: 'u1', itemId: 'i1' }, 'field.missing', 'type', /missing/],
  [{ ...GOOD, userId: '' }, 'field.invalid', 'userId', /must not be empty/],
  [{ ...GOOD, userId: 7 }, 'field.invalid', 'userId', /string/],
  [{ ...GOOD, userId: null }, 'field.invalid', 'userId', /string/],
  [{ ...GOOD, userId: '*' }, 'user.reserved', 'userId', /reserved/],
  [{ ...GOOD, userId: 'u'.repeat(257) }, 'field.invalid', 'userId', /257 bytes/],
  [{ ...GOOD, itemId: 'ü'.repeat(129) }, 'field.invalid', 'itemId', /258 bytes/],
  [{ ...GOOD, itemId: '\ud800' }, 'field.invalid', 'itemId', /Unicode/],
  [{ ...GOOD, contextId: 'c'.repeat(257) }, 'field.invalid', 'contextId', /257 bytes/],
  [{ ...GOOD, eventId: '' }, 'field.invalid', 'eventId', /must not be empty/],
  [{ ...GOOD, type: 'devour' }, 'field.invalid', 'type', /one of view, click/],
  [{ ...GOOD, value: '3' }, 'field.invalid', 'value', /number/],
  [{ ...GOOD, value: Number.POSITIVE_INFINITY }, 'field.invalid', 'value', /number/],
  [{ ...GOOD, value: Number.NaN }, 'field.invalid', 'value', /number/],
  [{ ...GOOD, occurredAt: 'yesterday' }, 'field.invalid', 'occurredAt', /ISO 8601/],
  [{ ...GOOD, occurredAt: '2026-03-01T12:00:00' }, 'field.invalid', 'occurredAt', /zone/],
  [{ ...GOOD, occurredAt: '2026-13-01T12:00:00Z' }, 'field.invalid', 'occurredAt', /ISO 8601/],
  [{ ...GOOD, occurredAt: -1 }, 'field.invalid', 'occurredAt', />= 0/],
  [{ ...GOOD, occurredAt: 1.5 }, 'field.invalid', 'occurredAt', /integer/],
  [{ ...GOOD, occurredAt: NOW / 1_000 }, 'field.invalid', 'occurredAt', /looks like seconds/],
  [{ ...GOOD, occurredAt: NOW / 1_000 + 0.25 }, 'field.invalid', 'occurredAt', /looks like seconds/],
  [{ ...GOOD, occurredAt: NOW * 1_000 }, 'field.invalid', 'occurredAt', /looks like microseconds/],
  [{ ...GOOD, occurredAt: NOW * 1_000_000 }, 'field.invalid', 'occurredAt', /looks like nanoseconds/],
  [{ ...GOOD, occurredAt: `${NOW}` }, 'field.invalid', 'occurredAt', /without quotes/],
  [{ ...GOOD, occurredAt: '2026-02-30T00:00:00Z' }, 'field.invalid', 'occurredAt', /no date/],
  [{ ...GOOD, userId: Number('15793596808644609') }, 'field.invalid', 'userId', /quote ids/],
  [{ ...GOOD, contextId: 2 ** 53 }, 'field.invalid', 'contextId', /quote ids/],
  [{ ...GOOD, type: 'constructor' }, 'field.invalid', 'type', /one of view/],
  [{ ...GOOD, type: [[[]]] }, 'field.invalid', 'type', /one of view/],
  [
    JSON.parse('{"userId":"u","itemId":"i","type":"buy","__proto__":{}}'),
    'field.invalid',
    '__proto__',
    /not a known/,
  ],
  [
    JSON.parse('{"userId":"u","itemId":"i","type":"buy","constructor":1}'),
    'field.invalid',
    'constructor',
    /not a known/,
  ],
  [{ ...GOOD, occurredAt: NOW + 300_001 }, 'time.future', 'occurredAt', /300 s ahead/],
  [{ ...GOOD, occurredAt: '2026-03-01T13:00:00Z' }, 'time.future', 'occurredAt', /3600 s ahead/],
  [{ ...GOOD, itemid: 'i1' }, 'field.invalid', 'itemid', /not a known field/],
];

describe('an action that cannot be accepted', () => {
  for (const [entry, code, field, reason] of BAD) {
    it(`${JSON.stringify(entry).slice(0, 60)} is rejected with ${code}, ${field ?? 'no field'}`, () => {
      const validation = validateAction(entry, NOW, Number.POSITIVE_INFINITY);
      assert.ok('rejection' in validation);
      assert.equal(validation.rejection.code, code);
      assert.equal(validation.rejection.field, field);
      assert.match(validation.rejection.reason, reason);
    });
  }
});

describe('an action that is accepted', () => {
  const accept = (entry: object) => {
    const validation = validateAction(entry, NOW, Number.POSITIVE_INFINITY);
    assert.ok('record' in validation, JSON.stringify(validation));
    return validation.record;
  };

  it('an action that leaves out its event id, time and optional fields gets an id, the present and nulls', () => {
    const { eventId, ...rest } = accept(GOOD);
    assert.match(eventId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      ...GOOD,
      occurredAt: NOW,
      receivedAt: NOW,
      contextId: null,
      value: null,
      slateId: null,
      slot: null,
    });
  });

  it('a record keeps all fields of its action', () => {
    const said = { ...GOOD, eventId: 'e1', occurredAt: NOW - 5, contextId: 'basket', value: 2.5 };
    const nothing = { slateId: null, slot: null };
    assert.deepEqual(accept(said), { ...said, ...nothing, receivedAt: NOW });
    const answers = { slateId: 's1', slot: 0, type: 'impression' };
    assert.deepEqual(accept({ ...said, ...answers }), { ...said, ...answers, receivedAt: NOW });
    assert.deepEqual(accept({ ...said, contextId: null, value: null, ...nothing }), {
      ...said,
      contextId: null,
      value: null,
      ...nothing,
      receivedAt: NOW,
    });
  });

  it('an action may carry its time in ISO 8601 and be up to five minutes ahead', () => {
    assert.equal(accept({ ...GOOD, occurredAt: '2026-03-01T13:00:00.250+01:00' }).occurredAt, NOW + 250);
    assert.equal(accept({ ...GOOD, occurredAt: NOW + 300_000 }).occurredAt, NOW + 300_000);
  });

  it('an action is accepted as long as the log keeps it, and no longer', () => {
    const age = 90 * 86_400_000;
    const oldest = { ...GOOD, occurredAt: NOW - age };
    assert.ok('record' in validateAction(oldest, NOW, age));
    for (const occurredAt of [NOW - age - 1, new Date(NOW - age - 1).toISOString()]) {
      const validation = validateAction({ ...GOOD, occurredAt }, NOW, age);
      assert.ok('rejection' in validation);
      const { code, field, reason } = validation.rejection;
      assert.deepEqual([code, field], ['time.past', 'occurredAt']);
      assert.match(reason, /lies 90 days back, but the log keeps actions for 90 days/);
    }
  });

  it('ids that differ only in Unicode normalisation stay two ids', () => {
    assert.notEqual(accept({ ...GOOD, userId: 'é' }).userId, accept({ ...GOOD, userId: 'e\u0301' }).userId);
  });

  it('ids may have exactly 256 bytes', () => {
    accept({ ...GOOD, userId: 'ü'.repeat(128), itemId: 'i'.repeat(256) });
  });

  it('a record keeps ids, types and times whatever they are', () => {
    const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }).filter((text) => text !== '*');
    const times = fc.integer({ min: Date.parse('1973-03-04T00:00:00Z'), max: NOW });
    fc.assert(
      fc.property(id, id, fc.constantFrom(...ACTION_TYPES), times, (userId, itemId, type, time) => {
        const record = accept({ userId, itemId, type, occurredAt: time });
        assert.deepEqual(
          [record.userId, record.itemId, record.type, record.occurredAt],
          [userId, itemId, type, time],
        );
        assert.deepEqual(
          accept({ userId, itemId, type, occurredAt: new Date(time).toISOString() }).occurredAt,
          time,
        );
      }),
    );
  });
});
