import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CachedRecords } from './cached-records.ts';
import type { UserRecord } from './store.ts';

/** A record whose three parts have so many bytes each; what finds a record takes 300 bytes. */
function recordOf(bytes: number, offset = 0): UserRecord {
  const part = (place: number) => Uint8Array.from({ length: bytes }, (_, i) => offset + place + i);
  return { offset, base: part(0), deltas: part(1), derived: part(2) };
}

const sizeOf = (bytes: number) => 300 + 3 * bytes;

/** Memory for so many records of this size: an eighth of it is for what finds them. */
const roomFor = (records: number, bytes: number) => (records * 3 * bytes * 8) / 7;

/** A record as plain arrays, so that views and copies of the same bytes are equal. */
const plain = ({ offset, base, deltas, derived }: UserRecord) => [
  offset,
  [...base],
  [...deltas],
  [...derived],
];

describe('cached records', () => {
  it('the least recently active user is evicted first, where the bytes of records or their number are the limit', () => {
    for (const bytes of [700, 10]) {
      const records = new CachedRecords(roomFor(3, 700));
      for (const userId of ['a', 'b', 'c']) records.put(userId, recordOf(bytes));
      records.put('a', records.remove('a')!);
      records.put('d', recordOf(bytes));
      const cached = ['a', 'b', 'c', 'd'].map((userId) => records.remove(userId) !== undefined);
      assert.deepEqual(cached, [true, false, true, true]);
    }
  });

  it('a record that is larger than the bound is not cached, nor is an older one of its user', () => {
    const records = new CachedRecords(roomFor(1, 2_100));
    records.put('large', recordOf(2_100));
    records.put('large', recordOf(2_101));
    assert.equal(records.remove('large'), undefined);
    assert.equal(records.bytes, 0);
  });

  it('no record is cached when the bound is 0', () => {
    const records = new CachedRecords(0);
    records.put('a', recordOf(0));
    assert.equal(records.remove('a'), undefined);
  });

  it('a record that was taken out keeps its bytes while others are cached in its place', () => {
    const records = new CachedRecords(roomFor(1, 700));
    records.put('a', recordOf(700, 7));
    const taken = records.remove('a')!;
    for (let offset = 0; offset < 50; offset++) records.put('b', recordOf(700, offset));
    assert.deepEqual(plain(taken), plain(recordOf(700, 7)));
  });

  it('the bound is never exceeded, and the newest record of a user is returned whole or not at all, once', () => {
    const puts = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(1_000)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(puts, fc.integer({ min: 0, max: 15_000 }), (given, maximum) => {
        const records = new CachedRecords(maximum);
        given.forEach(([userId, bytes], offset) => {
          records.put(userId, recordOf(bytes, offset));
          assert.ok(records.bytes <= maximum);
        });
        const newest = new Map(given.map(([userId, bytes], offset) => [userId, recordOf(bytes, offset)]));
        for (const [userId, expected] of newest) {
          const before = records.bytes;
          const record = records.remove(userId);
          if (record !== undefined) assert.deepEqual(plain(record), plain(expected));
          assert.equal(before - records.bytes, record === undefined ? 0 : sizeOf(expected.base.length));
          assert.equal(records.remove(userId), undefined);
        }
        assert.equal(records.bytes, 0);
      }),
    );
  });
});
