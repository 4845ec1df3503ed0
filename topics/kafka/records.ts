/** Reads one record of a record batch for kafkajs, in a time that is linear in its bytes. */
import type { IHeaders } from 'kafkajs';

/** The cursor of kafkajs over the bytes of one record. */
export interface RecordCursor {
  readonly buffer: Buffer;
  readonly offset: number;
  readInt8(): number;
  readVarInt(): number;
  /** Returns a number of 64 bits, of which only the text is read here. */
  readVarLong(): { toString(): string };
  readVarIntBytes(): Buffer | null;
  readVarIntString(): string | null;
}

/** The fields of a batch that its records share. */
export interface RecordContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly magicByte: number;
  readonly isControlBatch?: boolean;
  /** 1 if the broker set the timestamps. */
  readonly timestampType?: number;
}

const LOG_APPEND_TIME = 1;

/**
 * Reads a record as kafkajs 2.2.4 does (Kafka protocol, “Record”, version 0), except that each header costs the same:
 * kafkajs copies all earlier headers for each one, which takes hours for a message of a megabyte full of headers.
 */
export function readRecord(cursor: RecordCursor, batchContext: RecordContext) {
  const { firstOffset, firstTimestamp, maxTimestamp, magicByte } = batchContext;
  const attributes = cursor.readInt8();
  const timestampDelta = Number(cursor.readVarLong().toString());
  const offset = Number(firstOffset) + cursor.readVarInt();
  const isBrokersTime = batchContext.timestampType === LOG_APPEND_TIME;
  return {
    magicByte,
    attributes,
    timestamp: isBrokersTime ? maxTimestamp : String(Number(firstTimestamp) + timestampDelta),
    offset: String(offset),
    key: cursor.readVarIntBytes(),
    value: cursor.readVarIntBytes(),
    headers: readHeaderFields(cursor),
    isControlRecord: batchContext.isControlBatch ?? false,
    batchContext,
  };
}

/** Several headers of one name become an array of their values. */
function readHeaderFields(cursor: RecordCursor): IHeaders {
  const count = cursor.readVarInt();
  if (count <= 0) return {};
  const headers = new Map<string, Buffer | Buffer[]>();
  for (let read = 0; read < count && cursor.offset < cursor.buffer.length; read++) {
    const name = cursor.readVarIntString() ?? '';
    // The types of kafkajs exclude the null of a header without a value.
    const value = cursor.readVarIntBytes() as Buffer;
    const known = headers.get(name);
    if (known === undefined) headers.set(name, value);
    else if (Array.isArray(known)) known.push(value);
    else headers.set(name, [known, value]);
  }
  // This defines own properties, also for the name __proto__.
  return Object.fromEntries(headers);
}
