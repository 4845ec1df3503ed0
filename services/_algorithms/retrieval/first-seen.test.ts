import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FirstSeen, LastSeen } from './first-seen.ts';

describe('the first occurrence of a key in its period', () => {
  it('a key is new once in each period, in whatever order the periods come', () => {
    const call = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(49));
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const seen = new FirstSeen({ periodMs: 10, periods: 5, bytes: 4_096 });
        const model = new Set<string>();
        for (const [key, time] of calls) {
          const name = `${key} ${Math.floor(time / 10)}`;
          assert.equal(seen.add(key, time), !model.has(name));
          model.add(name);
        }
      }),
    );
  });

  it('a period that is no longer remembered has no new keys', () => {
    const seen = new FirstSeen({ periodMs: 10, periods: 3, bytes: 4_096 });
    assert.ok(seen.add('a', 0) && seen.add('a', 35));
    assert.equal(seen.add('b', 9), false);
    assert.ok(seen.add('b', 15) && seen.add('b', 25));
  });

  it('of a key for each ten bits some 2 % are mistaken for seen, and a repeat is never new', () => {
    const seen = new FirstSeen({ periodMs: 1, periods: 1, bytes: 125_000 });
    let found = 0;
    for (let n = 0; n < 100_000; n++) if (seen.add(`key ${n}`, 0)) found++;
    assert.ok(found > 98_000, `${found} of 100,000`);
    for (let n = 0; n < 100_000; n++) assert.equal(seen.add(`key ${n}`, 0), false);
  });

  it('too little memory is refused', () => {
    assert.throws(() => new FirstSeen({ periodMs: 1, periods: 10, bytes: 39 }), RangeError);
  });
});

describe('the texts that were added last', () => {
  it('a text is new unless it is among the last, and one that is repeated stays', () => {
    const last = new LastSeen(1_024);
    assert.ok(last.add('robot'));
    for (let n = 0; n < 100_000; n++) {
      assert.ok(last.add(`event ${n}`));
      assert.equal(last.add('robot'), false);
    }
    assert.ok(last.add('event 0'), 'it left long ago');
    assert.equal(last.add('event 99999'), false);
  });
});
