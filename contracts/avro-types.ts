/**
 * avsc types as the codec needs them: records are read into plain objects, and malformed bytes cannot stall a reader.
 */
import { createRequire } from 'node:module';
import avro, { type Type } from 'avsc';
import type { AvroRecord } from './avro.ts';
import { compileBoundsCheck } from './bounds.ts';

/**
 * avsc writes a value into a shared buffer, and a second time into one of its own if the value is larger than that. The default of 1 KiB
 * is too small for most records.
 */
const SHARED_BUFFER_BYTES = 256 * 1_024;
(avro.Type as unknown as { __reset(bytes: number): void }).__reset(SHARED_BUFFER_BYTES);

/** Reads the complete Avro body of one message. Throws an Error if the bytes do not match. */
export type ReadValue = (body: Buffer) => unknown;

/** The type of one of our own records, whose values are read into plain objects. */
export function compileRecordType(schema: AvroRecord): Type {
  // avsc wants a mutable schema, but only reads it.
  const type = avro.Type.forSchema(schema as never, { omitRecordMethods: true });
  makeRecordsPlain(type);
  return type;
}

/**
 * The type of a schema that another program registered.
 * @throws Error if it is not an Avro schema
 */
export function parseWriterType(schema: unknown): Type {
  return avro.Type.forSchema(schema as never);
}

/**
 * A reader into `reader` of bytes written with `writer`.
 * @throws Error if the two do not resolve (Avro specification, "Schema Resolution")
 */
export function compileReader(reader: Type, writer: Type): ReadValue {
  const checkBounds = compileBoundsCheck(writer);
  const resolver = reader === writer ? undefined : reader.createResolver(writer);
  return (body) => {
    checkBounds?.(body);
    return reader.fromBuffer(body, resolver);
  };
}

/**
 * avsc creates each record with a constructor of its own. With the prototype of a literal, values compare equal to
 * literals and print like them.
 */
function makeRecordsPlain(type: Type): void {
  if (type instanceof avro.types.RecordType) {
    type.recordConstructor.prototype = Object.prototype;
    for (const field of type.fields) makeRecordsPlain(field.type);
  } else if (type instanceof avro.types.ArrayType) {
    makeRecordsPlain(type.itemsType);
  } else if (type instanceof avro.types.MapType) {
    makeRecordsPlain(type.valuesType);
  } else if (type instanceof avro.types.UnwrappedUnionType) {
    for (const branch of type.types) makeRecordsPlain(branch);
  }
}

/** The part of avsc's cursor that a map is read with. */
interface Tap {
  readLong(): number;
  readString(): string;
}

/** Replaces how avsc reads a map, which assigns its keys: the key `__proto__` would change the prototype and be lost. */
Object.assign(avro.types.MapType.prototype, {
  _read(this: { readonly valuesType: { _read(tap: Tap): unknown } }, tap: Tap): object {
    const entries: Array<[string, unknown]> = [];
    for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
      // The number of bytes follows a negative count.
      if (count < 0) tap.readLong();
      for (let left = Math.abs(count); left > 0; left--)
        entries.push([tap.readString(), this.valuesType._read(tap)]);
    }
    return Object.fromEntries(entries);
  },
});

/** Decoders put it in the place of bytes that are not UTF-8, so that distinct ids would become one. */
const REPLACEMENT = '\ufffd';

const require = createRequire(import.meta.url);
const { Tap } = require('avsc/lib/utils.js') as { Tap: { prototype: TextTap } };
interface TextTap {
  readonly buf: Buffer;
  readonly pos: number;
  readString(): string | undefined;
}

const { readString } = Tap.prototype;
/** @throws Error if the bytes are not UTF-8 */
Tap.prototype.readString = function (this: TextTap): string | undefined {
  const text = readString.call(this);
  if (text?.includes(REPLACEMENT)) {
    const written = Buffer.from(text);
    if (!written.equals(this.buf.subarray(Math.max(0, this.pos - written.length), this.pos)))
      throw new Error('a text is not UTF-8');
  }
  return text;
};
