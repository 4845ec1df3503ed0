/** Generates values of a schema for property tests. */
import fc from 'fast-check';
import type { AvroSchema } from './avro.ts';
import { isUnion } from './avro.ts';
import type { RecordName, RecordTypes } from './generated/records.ts';
import { SCHEMAS } from './generated/records.ts';

export function arbitraryRecord<R extends RecordName>(record: R): fc.Arbitrary<RecordTypes[R]> {
  return arbitraryOf(SCHEMAS[record]) as fc.Arbitrary<RecordTypes[R]>;
}

function arbitraryOf(schema: AvroSchema): fc.Arbitrary<unknown> {
  if (isUnion(schema)) return fc.oneof(...schema.map(arbitraryOf));
  if (typeof schema === 'string') return PRIMITIVES[schema]!;
  switch (schema.type) {
    case 'array':
      return fc.array(arbitraryOf(schema.items));
    case 'map':
      // A literal cannot have a key of that name, and neither can records that avsc reads.
      return fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
        arbitraryOf(schema.values),
        { noNullPrototype: true },
      );
    case 'enum':
      return fc.constantFrom(...schema.symbols);
    case 'record':
      return fc.record(
        Object.fromEntries(schema.fields.map((field) => [field.name, arbitraryOf(field.type)])),
        {
          noNullPrototype: true,
        },
      );
    case 'long':
      return PRIMITIVES.long!;
  }
}

const PRIMITIVES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  // avsc leaves out the two outermost safe integers.
  long: fc.maxSafeInteger().map((value) => Math.trunc(value / 2) + 0),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  string: fc.string({ unit: 'grapheme' }),
};
