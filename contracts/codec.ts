/**
 * Converts records to and from the Confluent wire format: a zero byte, the schema id as four bytes big-endian, Avro.
 */
import type { Type } from 'avsc';
import { compileReader, compileRecordType, parseWriterType, type ReadValue } from './avro-types.ts';
import { type ErrorCode, TributaryError } from './errors.ts';
import { type Fault, fieldPath } from './fault.ts';
import { type RecordName, type RecordTypes, SCHEMAS } from './generated/records.ts';
import { compileFinite, type FindPath, findMisfit } from './misfit.ts';
import { type Registry, RegistryRefused } from './registry.ts';

const MAGIC = 0;
const HEADER_BYTES = 5;

/** A value that does not fit its schema. */
export class EncodeError extends TributaryError {
  /** Path of the value at fault, such as `slots[2].propensity`; empty if the record itself is at fault. */
  declare readonly field: string;

  constructor(code: ErrorCode & `encode.${string}`, reason: string, field: string, cause?: unknown) {
    super(code, reason, { field, cause });
  }
}

/** Bytes that will never decode: a message for the dead letters. */
export class DecodeError extends TributaryError {
  declare readonly code: ErrorCode & `decode.${string}`;

  constructor(code: ErrorCode & `decode.${string}`, reason: string, cause?: unknown) {
    super(code, reason, { cause });
  }
}

export interface CodecOptions {
  readonly registry: Registry;
  /** Returns the subject under which the schema of a record is registered. */
  readonly subjectOf: (record: RecordName) => string;
}

export interface Codec {
  /**
   * Looks up the id of each record's schema; required before these records are encoded. Reading them then needs no
   * request, unless another version wrote them.
   * @throws RegistryRefused `registry.not-registered` naming the missing subject; RegistryUnavailable
   */
  prepare(records: readonly RecordName[]): Promise<void>;
  /** @throws EncodeError naming the field whose value does not fit; NaN and infinities never fit */
  encode<R extends RecordName>(record: R, value: RecordTypes[R]): Buffer;
  /**
   * Decodes into plain objects, with defaults for fields that the writer did not know. Synchronous if the writer's
   * schema is known, else after one request for it. Bytes fields are views of `bytes` or copies: do not write to
   * either.
   * @throws DecodeError for bytes that can never be read; RegistryUnavailable if the schema cannot be fetched at the
   *   moment
   */
  decode<R extends RecordName>(record: R, bytes: Buffer): RecordTypes[R] | Promise<RecordTypes[R]>;
}

/** Compiled parts of a record, created once. */
interface Compiled {
  readonly type: Type;
  /** Path of a number that is not finite. */
  readonly findNonFinite: FindPath;
  /** Id of this source tree's schema; undefined until prepared. */
  id: number | undefined;
  /** By id of the writer's schema, which never changes: a reader, or the reason why there is none. */
  readonly readers: Map<number, ReadValue | DecodeError>;
  /** Pending requests, so that a burst of messages with a new id causes one request. */
  readonly pending: Map<number, Promise<ReadValue | DecodeError>>;
}

export function createCodec({ registry, subjectOf }: CodecOptions): Codec {
  const compiled = new Map<RecordName, Compiled>();

  function compiledOf(record: RecordName): Compiled {
    let found = compiled.get(record);
    if (found === undefined) {
      const type = compileRecordType(SCHEMAS[record]);
      const findNonFinite = compileFinite(SCHEMAS[record]) ?? (() => undefined);
      found = { type, findNonFinite, id: undefined, readers: new Map(), pending: new Map() };
      compiled.set(record, found);
    }
    return found;
  }

  async function prepareOne(record: RecordName): Promise<void> {
    const subject = subjectOf(record);
    const id = await registry.idOf(subject, SCHEMAS[record]);
    if (id === undefined) {
      throw new RegistryRefused(
        'registry.not-registered',
        `The Schema Registry at ${registry.address} does not have the schema of ${record} under ${subject}: ` +
          'run npm run topics -- apply.',
      );
    }
    const target = compiledOf(record);
    target.id = id;
    // The registry may return the id of an equal schema with other documentation or defaults: the bytes are the same.
    target.readers.set(id, compileReader(target.type, target.type));
  }

  /** Throws for conditions that may change: an outage, or an id that is not registered yet. */
  async function fetchReader(record: RecordName, id: number): Promise<ReadValue | DecodeError> {
    const schema = await registry.schemaOf(id);
    if (schema === undefined) {
      throw new DecodeError(
        'decode.schema-unknown',
        `The Schema Registry at ${registry.address} has no schema ${id}.`,
      );
    }
    const { type, readers } = compiledOf(record);
    const reader = readerOrFault(record, type, id, schema);
    readers.set(id, reader);
    return reader;
  }

  function readerOf(
    record: RecordName,
    id: number,
  ): ReadValue | DecodeError | Promise<ReadValue | DecodeError> {
    const { readers, pending } = compiledOf(record);
    const known = readers.get(id) ?? pending.get(id);
    if (known !== undefined) return known;
    const request = fetchReader(record, id).finally(() => pending.delete(id));
    pending.set(id, request);
    return request;
  }

  return {
    async prepare(records) {
      await Promise.all(records.map(prepareOne));
    },
    encode(record, value) {
      const { id, type, findNonFinite } = compiledOf(record);
      if (id === undefined) {
        throw new EncodeError('encode.not-prepared', `${record} was not prepared before it was encoded.`, '');
      }
      return encodeBody(record, type, findNonFinite, value, id);
    },
    decode<R extends RecordName>(record: R, bytes: Buffer) {
      const id = schemaIdOf(bytes);
      const reader = readerOf(record, id);
      if (reader instanceof Promise) {
        return reader.then((fetched) => readBody(record, id, fetched, bytes) as RecordTypes[R]);
      }
      return readBody(record, id, reader, bytes) as RecordTypes[R];
    },
  };
}

/**
 * Returns the id of the schema with which a message was written.
 * @throws DecodeError `decode.magic` if the bytes are not in the wire format
 */
export function schemaIdOf(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) {
    throw new DecodeError('decode.magic', `${bytes.length} bytes are too few for the Confluent wire format.`);
  }
  if (bytes[0] !== MAGIC) {
    throw new DecodeError(
      'decode.magic',
      `The first byte is ${bytes[0]}, not the 0 of the Confluent wire format.`,
    );
  }
  const id = bytes.readInt32BE(1);
  if (id < 0) throw new DecodeError('decode.schema-unknown', `The schema id ${id} is negative.`);
  return id;
}

function encodeBody(
  record: RecordName,
  type: Type,
  findNonFinite: FindPath,
  value: object,
  id: number,
): Buffer {
  let body: Buffer;
  try {
    body = type.toBuffer(value);
  } catch (cause) {
    throw misfit(record, findMisfit(type, value), cause);
  }
  const nonFinite = findNonFinite(value);
  if (nonFinite !== undefined)
    throw misfit(record, { field: fieldPath(nonFinite), reason: 'is not a finite number' });
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  bytes[0] = MAGIC;
  bytes.writeInt32BE(id, 1);
  body.copy(bytes, HEADER_BYTES);
  return bytes;
}

function misfit(
  record: RecordName,
  { field, reason }: Pick<Fault, 'field' | 'reason'>,
  cause?: unknown,
): EncodeError {
  const place = field === '' ? record : `${record}.${field}`;
  return new EncodeError('encode.invalid', `${place} ${reason}.`, field, cause);
}

function readerOrFault(record: RecordName, type: Type, id: number, schema: unknown): ReadValue | DecodeError {
  try {
    return compileReader(type, parseWriterType(schema));
  } catch (cause) {
    const reason = `Schema ${id} cannot be read as ${record}: ${(cause as Error).message}`;
    return new DecodeError('decode.incompatible', reason, cause);
  }
}

function readBody(record: RecordName, id: number, reader: ReadValue | DecodeError, bytes: Buffer): unknown {
  if (reader instanceof DecodeError) throw reader;
  try {
    return reader(bytes.subarray(HEADER_BYTES));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new DecodeError('decode.bytes', `The bytes are no ${record} of schema ${id}: ${reason}`, cause);
  }
}
