import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRecordType } from '#contracts/avro-types.ts';
import { aDeadLetter } from '#contracts/domain/records.testing.ts';
import { type DeadLetter, SCHEMAS } from '#contracts/generated/records.ts';
import { cutLetter } from './cut-letter.ts';

const type = compileRecordType(SCHEMAS.DeadLetter);
const encodedBytes = (letter: DeadLetter): number => type.toBuffer(letter).length;

describe('a dead letter', () => {
  it('stays whole where it fits', () => {
    const letter = aDeadLetter({ value: Buffer.alloc(90_000) });
    assert.deepEqual(cutLetter(letter, 100_000), letter);
  });

  it('never exceeds the limit, whichever part of the message is large', () => {
    const size = fc.oneof(fc.nat(100), fc.nat(60_000));
    const headers = fc.array(fc.tuple(fc.nat(300), fc.nat(3_000)), { maxLength: 100 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        headers,
        fc.integer({ min: 4_096, max: 50_000 }),
        (key, value, reason, named, limit) => {
          const letter = aDeadLetter({
            key: Buffer.alloc(key),
            value: Buffer.alloc(value),
            reason: 'é'.repeat(reason),
            headers: Object.fromEntries(
              named.map(([name, held], i) => [`${i}${'n'.repeat(name)}`, Buffer.alloc(held)]),
            ),
          });
          const cut = cutLetter(letter, limit);
          assert.ok(encodedBytes(cut) <= limit, `${encodedBytes(cut)} of ${limit}`);
          const isWhole =
            cut.key!.length === key &&
            cut.value!.length === value &&
            Object.keys(cut.headers).length === named.length;
          assert.equal(cut.messageBytes === null, isWhole);
        },
      ),
    );
  });

  it('holds the beginnings of what is too large, and the size of the message', () => {
    const headers = { trace: Buffer.from('t'), large: Buffer.alloc(9_000, 'h') };
    const letter = aDeadLetter({ key: Buffer.alloc(9_000, 'k'), value: Buffer.alloc(9_000, 'v'), headers });
    const cut = cutLetter(letter, 10_000);
    assert.equal(cut.messageBytes, 27_000 + 'trace'.length + 't'.length + 'large'.length);
    assert.deepEqual(Object.keys(cut.headers), ['trace']);
    assert.ok(cut.key!.length > 2_000 && cut.key!.length < 9_000);
    assert.ok(cut.value!.length > 5_000 && cut.value!.every((byte) => byte === 'v'.charCodeAt(0)));
    assert.deepEqual(
      cutLetter(aDeadLetter({ value: null, headers: { large: Buffer.alloc(9_000) } }), 5_000).value,
      null,
    );
  });
});
