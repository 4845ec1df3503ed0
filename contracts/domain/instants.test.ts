import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isoDateFault, parseInstant } from './instants.ts';

const reasonOf = (instant: number | string) => {
  const result = parseInstant(instant);
  return 'reason' in result ? result.reason : `${result.at}`;
};

describe('an instant', () => {
  it('each instant from 1973 to 9999 is read from its number and from its text', () => {
    const times = fc.integer({ min: 1e11, max: 1e14 - 1 });
    fc.assert(
      fc.property(times, (at) => {
        assert.deepEqual(parseInstant(at), { at });
        if (at < Date.UTC(9999, 11)) assert.deepEqual(parseInstant(new Date(at).toISOString()), { at });
      }),
    );
  });

  it('a number in another unit than milliseconds is refused with the unit that it looks like', () => {
    for (const time of [0, 1, 1_795_909_200, 1_795_909_200.25, 99_999_999_999]) {
      assert.match(reasonOf(time), /looks like seconds/, `${time}`);
    }
    for (const time of [1e14, 1_795_909_200_000_000]) assert.match(reasonOf(time), /looks like microseconds/);
    for (const time of [1e17, 1_795_909_200_000_000_000, Number.MAX_VALUE]) {
      assert.match(reasonOf(time), /looks like nanoseconds/);
    }
    assert.match(reasonOf(1_795_909_200_000.5), /integer/);
  });

  it('dates and times that do not exist are refused, and not carried over', () => {
    for (const date of [
      '2026-02-30',
      '2025-02-29',
      '1900-02-29',
      '2026-04-31',
      '2026-00-10',
      '2026-13-01',
      '2026-01-00',
    ]) {
      assert.match(reasonOf(`${date}T00:00:00Z`), /is no date/, date);
      assert.match(isoDateFault(date) ?? '', /is no date/, date);
    }
    for (const time of ['24:00:00', '24:00', '12:60', '23:59:60', '25:00:00']) {
      assert.match(reasonOf(`2026-03-01T${time}Z`), /is no time/, time);
    }
    for (const zone of ['+19:00', '-99:00', '+01:60']) {
      assert.match(reasonOf(`2026-03-01T12:00:00${zone}`), /no such zone/, zone);
    }
    assert.equal(isoDateFault('2024-02-29'), undefined);
    assert.equal(isoDateFault('2000-02-29T23:59:59Z'), undefined);
  });

  it('a text without a zone, and each other way to write a time, is refused', () => {
    assert.match(reasonOf('2026-03-01T12:00:00'), /zone/);
    for (const text of [
      '',
      'now',
      '2026-03-01',
      '03/04/2026 10:00',
      'item 5',
      '2026-03-01 12:00Z',
      '2026-W09-1T12:00Z',
    ]) {
      assert.match(reasonOf(text), /ISO 8601 with a zone/, text);
    }
    assert.match(reasonOf('1795909200000'), /without quotes/);
    for (const text of [
      '1969-12-31T23:59:59Z',
      '1970-01-01T00:00:00Z',
      '1973-03-03T00:00:00Z',
      '0000-01-01T00:00Z',
    ]) {
      assert.match(reasonOf(text), /before 3 March 1973/, text);
    }
  });
});
