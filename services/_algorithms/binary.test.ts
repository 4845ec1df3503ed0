import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryFormatError, BinaryReader, BinaryWriter } from './binary.ts';

test('written values are read back exactly', () => {
  const part = fc.oneof(
    fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('float64' as const), value: fc.double() }),
    fc.record({
      kind: fc.constant('string' as const),
      value: fc.string({ unit: 'grapheme', maxLength: 400 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const writer = new BinaryWriter();
      for (const each of parts) {
        if (each.kind === 'string') writer.string(each.value);
        else writer[each.kind](each.value);
      }
      const reader = new BinaryReader(writer.finish(), 'parts');
      for (const each of parts) assert.ok(Object.is(reader[each.kind](), each.value));
      reader.end();
    }),
  );
});

test('a varint takes one byte below 128, and negative or fractional numbers are rejected', () => {
  const writer = new BinaryWriter();
  writer.varint(127);
  writer.varint(128);
  assert.deepEqual([...writer.finish()], [0x7f, 0x80, 0x01]);
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) assert.throws(() => writer.varint(value), RangeError);
});

test('errors name the fault and the offset', () => {
  const fault = (bytes: number[], read: (reader: BinaryReader) => void, message: RegExp) =>
    assert.throws(
      () => read(new BinaryReader(Uint8Array.from(bytes), 'window')),
      (error) => error instanceof BinaryFormatError && message.test(error.message),
    );
  fault([0x80], (reader) => reader.varint(), /^window: truncated \(at byte 1\)$/);
  fault([5, 65], (reader) => reader.string(), /truncated/);
  fault([1, 0xff], (reader) => reader.string(), /not UTF-8/);
  fault([2], (reader) => reader.version(1), /format version 2; this code reads version 1/);
  fault([3], (reader) => reader.version(1, 2), /format version 3; this code reads version 1 or 2/);
  fault([1], (reader) => reader.end(), /1 bytes after the end/);
  fault(Array(9).fill(0xff), (reader) => reader.varint(), /above 2\^53/);
});

test('a word is read as a text is, whatever was read before, and faults are those of a text', () => {
  const words = fc.array(
    fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 })),
  );
  fc.assert(
    fc.property(words, (given) => {
      const writer = new BinaryWriter();
      for (const word of [...given, ...given]) writer.string(word);
      const reader = new BinaryReader(writer.finish(), 'words');
      for (const word of [...given, ...given]) assert.equal(reader.word(), word);
      reader.end();
    }),
  );
  assert.throws(() => new BinaryReader(Uint8Array.of(5, 65), 'words').word(), /truncated/);
  assert.throws(() => new BinaryReader(Uint8Array.of(1, 0xff), 'words').word(), /not UTF-8/);
});
