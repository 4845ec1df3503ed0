/**
 * Checks the bytes of a message before avsc reads them. avsc trusts the count of an array or map, and allocates and
 * loops for it beyond the end of the bytes: 67 malformed bytes kept it busy for 23 s and took 1 GB. The check keeps
 * every count and length within the existing bytes.
 */
import avro, { type Type } from 'avsc';

interface Cursor {
  /** Items that took no byte; a small message could claim any number of them, in nested lists. */
  withoutBytes: number;
  readonly bytes: Buffer;
  position: number;
}

type Skip = (cursor: Cursor) => void;

/**
 * A check that throws a RangeError if a count or length in a body reaches beyond its end. Undefined for types without
 * arrays or maps, for which avsc itself detects a truncated body.
 */
export function compileBoundsCheck(type: Type): ((body: Buffer) => void) | undefined {
  const compiled = new Map<Type, Skip>();
  const skip = compileSkip(type, compiled);
  const hasCounts = [...compiled.keys()].some(
    (part) => part instanceof avro.types.ArrayType || part instanceof avro.types.MapType,
  );
  return hasCounts ? (body) => skip({ bytes: body, position: 0, withoutBytes: 0 }) : undefined;
}

function compileSkip(type: Type, compiled: Map<Type, Skip>): Skip {
  const known = compiled.get(type);
  if (known !== undefined) return known;
  // A recursive type finds this entry while its own check is being created.
  let skip: Skip | undefined;
  compiled.set(type, (cursor) => skip?.(cursor));
  skip = skipOf(type, (part) => compileSkip(part, compiled));
  compiled.set(type, skip);
  return skip;
}

function skipOf(type: Type, compile: (part: Type) => Skip): Skip {
  const { types } = avro;
  if (type instanceof types.RecordType) {
    const fields = type.fields.map((field) => compile(field.type));
    return (cursor) => {
      for (const skipField of fields) skipField(cursor);
    };
  }
  if (type instanceof types.ArrayType)
    return skipBlocks(compile(type.itemsType), SIZES[type.itemsType.typeName]);
  if (type instanceof types.MapType) {
    const skipMapValue = compile(type.valuesType);
    return skipBlocks((cursor) => {
      skipSized(cursor);
      skipMapValue(cursor);
    });
  }
  if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
    return skipUnion(type.types.map(compile));
  }
  if (type instanceof types.LogicalType) return compile(type.underlyingType);
  if (type instanceof types.FixedType) {
    const { size } = type;
    return (cursor) => advance(cursor, size);
  }
  const size = SIZES[type.typeName];
  if (size !== undefined) return (cursor) => advance(cursor, size);
  const skip = SKIPS[type.typeName];
  if (skip === undefined) throw new TypeError(`Avro type ${type.typeName} is unknown`);
  return skip;
}

/** Size of the primitives with a fixed size; an array of these is skipped in one step. */
const SIZES: Readonly<Record<string, number>> = { boolean: 1, float: 4, double: 8 };

const SKIPS: Readonly<Record<string, Skip>> = {
  null: () => undefined,
  int: (cursor) => void readLong(cursor),
  long: (cursor) => void readLong(cursor),
  enum: (cursor) => void readLong(cursor),
  string: skipSized,
  bytes: skipSized,
};

/** Blocks of items up to an empty one; a negative count is followed by the block's size in bytes. */
function skipBlocks(skipItem: Skip, itemBytes?: number): Skip {
  return (cursor) => {
    for (let count = readLong(cursor); count !== 0; count = readLong(cursor)) {
      if (count < 0) readLong(cursor);
      const items = Math.abs(count);
      // Items without bytes (null) could still be unlimited in number; no record of the contracts has such items.
      if (items > cursor.bytes.length - cursor.position) throw outOfBounds('count', items, cursor);
      if (itemBytes === undefined) skipItems(cursor, items, skipItem);
      else advance(cursor, items * itemBytes);
    }
  };
}

function skipItems(cursor: Cursor, items: number, skipItem: Skip): void {
  for (let item = 0; item < items; item++) {
    const before = cursor.position;
    skipItem(cursor);
    if (cursor.position === before && ++cursor.withoutBytes > cursor.bytes.length)
      throw new RangeError(`more than ${cursor.bytes.length} items without bytes`);
  }
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (cursor) => {
    const index = readLong(cursor);
    const skipBranch = branches[index];
    if (skipBranch === undefined) throw new RangeError(`branch ${index} of a union of ${branches.length}`);
    skipBranch(cursor);
  };
}

function skipSized(cursor: Cursor): void {
  advance(cursor, readLong(cursor));
}

function advance(cursor: Cursor, length: number): void {
  if (length < 0 || length > cursor.bytes.length - cursor.position)
    throw outOfBounds('length', length, cursor);
  cursor.position += length;
}

/** A zigzag varint of at most ten bytes; beyond 2^53 it is rounded, which is as far out of bounds. */
function readLong(cursor: Cursor): number {
  const { bytes } = cursor;
  let scale = 1;
  let zigzag = 0;
  for (let length = 1; length <= 10; length++) {
    const byte = bytes[cursor.position++];
    if (byte === undefined) throw new RangeError('truncated within a number');
    zigzag += (byte & 0x7f) * scale;
    if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    scale *= 128;
  }
  throw new RangeError('a number of more than ten bytes');
}

function outOfBounds(what: 'count' | 'length', value: number, cursor: Cursor): RangeError {
  const left = cursor.bytes.length - cursor.position;
  return new RangeError(`${what} ${value} at byte ${cursor.position} with ${left} bytes left`);
}
