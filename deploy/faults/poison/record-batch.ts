/** Writes record batches byte by byte, as another client would: also those that no client library writes. */

/** A record; the parts that are left out are as a plain producer writes them. */
export interface RawRecord {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  /** A header may have no value, and names may repeat. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: Buffer | null]>;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
}

export interface RawBatchOptions {
  /** Number of the codec in the attributes, and how it compresses the records. Default: none. */
  readonly codec?: { readonly number: number; readonly compress: (records: Buffer) => Buffer };
  /** Number of records that the header names. Default: as many as there are. */
  readonly count?: number;
}

const ATTRIBUTES_AT = 21;
const CRC_AT = 17;
const HEADER_BYTES = 61;

/** @returns a batch of magic 2 (Kafka protocol, “Record Batch”) with its checksum */
export function recordBatch(records: readonly RawRecord[], options: RawBatchOptions = {}): Buffer {
  const times = records.map(({ timestamp }) => timestamp ?? Date.now());
  const first = times[0] ?? Date.now();
  const body = Buffer.concat(records.map((record, i) => encodeRecord(record, i, times[i]! - first)));
  const { codec = { number: 0, compress: (bytes: Buffer) => bytes } } = options;
  const compressed = codec.compress(body);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32BE(HEADER_BYTES - 12 + compressed.length, 8);
  header.writeInt32BE(-1, 12);
  header.writeInt8(2, 16);
  header.writeInt16BE(codec.number, ATTRIBUTES_AT);
  header.writeInt32BE(records.length - 1, 23);
  header.writeBigInt64BE(BigInt(first), 27);
  header.writeBigInt64BE(BigInt(Math.max(first, ...(times.length > 1_000 ? [] : times))), 35);
  // No producer id, so that the broker numbers nothing.
  header.writeBigInt64BE(-1n, 43);
  header.writeInt16BE(-1, 51);
  header.writeInt32BE(-1, 53);
  header.writeInt32BE(options.count ?? records.length, 57);
  const batch = Buffer.concat([header, compressed]);
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT);
  return batch;
}

function encodeRecord(
  { key = null, value = null, headers = [] }: RawRecord,
  offsetDelta: number,
  timestampDelta: number,
): Buffer {
  const body = Buffer.concat([
    Buffer.of(0),
    varint(timestampDelta),
    varint(offsetDelta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, held]) => [sized(Buffer.from(name)), sized(held)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

/** A zigzag varint, as Kafka and Avro write it. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
