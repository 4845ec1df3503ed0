import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSkew } from './skew.ts';
import { uuidV7 } from './uuid.ts';

const NOW = 1_772_000_000_000;

describe('the skew of a clock', () => {
  it('the correction is off by no more than half of a second and of the fastest request', () => {
    const answers = fc.array(fc.record({ at: fc.nat(1e7), out: fc.nat(20_000), back: fc.nat(20_000) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(answers, fc.integer({ min: -1e8, max: 1e8 }), (seen, ahead) => {
        const skew = createSkew();
        for (const { at, out, back } of seen) {
          const date = new Date(NOW + at + out + ahead).toUTCString();
          skew.observe(date, NOW + at, NOW + at + out + back);
        }
        const { correction } = skew;
        const fastest = Math.min(...seen.map(({ out, back }) => out + back));
        if (correction === 0) assert.ok(Math.abs(ahead) <= fastest + 999);
        else
          assert.ok(Math.abs(correction - ahead) <= (fastest + 1_000) / 2 + 1, `${correction} for ${ahead}`);
      }),
    );
  });

  it('a clock that may be right is left alone, and one that was set is measured again', () => {
    const skew = createSkew();
    const date = (at: number) => new Date(at).toUTCString();
    assert.equal(skew.isKnown, false);
    skew.observe(date(NOW + 500), NOW, NOW + 900);
    assert.deepEqual([skew.correction, skew.isKnown], [0, true]);
    skew.observe(date(NOW + 60_000), NOW, NOW + 10);
    assert.ok(Math.abs(skew.correction - 60_500) < 600);
    for (const broken of [null, 'yesterday']) assert.equal(skew.observe(broken, NOW, NOW), false);
    assert.equal(skew.observe(date(NOW), NOW + 5, NOW), false);
  });
});

describe('ids of events', () => {
  it('are UUIDs of version 7 that sort by time', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 47), fc.uint8Array({ minLength: 16, maxLength: 16 }), (now, random) => {
        const id = uuidV7(now, (bytes) => bytes.set(random));
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.equal(Number.parseInt(id.replace('-', '').slice(0, 12), 16), now);
      }),
    );
  });
});
