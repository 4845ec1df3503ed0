/** Reads record batches for kafkajs: every codec, within limits, and each batch to its last offset. */
import { createRequire } from 'node:module';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { DecodeError } from '#contracts/codec.ts';
import { decompress } from './compression.ts';
import { DecompressionError } from './decompressed.ts';

/** Most bytes of the decompressed records of one batch. A broker accepts 1 MiB of compressed records by default. */
export const MAX_BATCH_BYTES = 32 * 1_048_576;
/** Most records of one batch. kafkajs passes them as the arguments of one call, and the stack holds about 125,000. */
export const MAX_BATCH_RECORDS = 100_000;

/** A message as kafkajs returns it. */
export type LogMessage = KafkaMessage & {
  /**
   * The reason why a whole batch is rejected: its records are broken or exceed the limits. One message with an empty
   * value stands for the batch, at its last offset.
   */
  readonly batchError?: DecodeError;
};

/** The cursor of kafkajs over bytes; here it points at the first byte of a batch. */
interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  forward(bytes: number): void;
}

/** The fields of a batch in kafkajs, without its records. */
interface BatchContext {
  readonly maxTimestamp: string;
}

interface RecordBatch extends BatchContext {
  readonly records: readonly BatchRecord[];
}

/** A record before kafkajs drops control records and the records of aborted transactions. */
interface BatchRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly batchError?: DecodeError;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

/** An error of this name tells kafkajs that the fetch ends in the middle of a batch; kafkajs fetches that batch again. */
class FetchEnd extends Error {
  override readonly name = 'KafkaJSPartialMessageError';
}

type ReadBatch = (decoder: Decoder) => Promise<RecordBatch>;

/** The header of a record batch (Kafka protocol, “Record Batch”, magic 2). */
interface BatchHeader {
  /** Bytes of the whole batch, header included. */
  readonly bytes: number;
  readonly codec: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly records: number;
}

const HEADER_BYTES = 61;
const [FIRST_OFFSET, LENGTH, ATTRIBUTES, LAST_OFFSET_DELTA, RECORDS] = [0, 8, 21, 23, 57];
/** The length field counts the bytes that follow it. */
const LENGTH_END = 12;
const CODEC_MASK = 0x07;

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => Decoder;
const BATCH_READER = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder.js');
const ITS_CALLER = require.resolve('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js');
let isInPlace = false;

/**
 * Wraps the batch reader of kafkajs 2.2.4, for the whole process. The wrapped reader
 * - reads gzip, snappy, lz4 and zstd; kafkajs reads gzip alone, without a limit on the memory, and stops at the others;
 * - replaces a batch that is broken or exceeds the limits by one message with the reason, so that the partition continues;
 * - stops decompressing a fetch of one partition at the limits, and leaves the other batches to the next fetch;
 * - ends each batch at its last offset. When compaction has removed the last records, kafkajs fetches the same batch
 *   once for each missing offset; when it has removed all records, kafkajs fetches the batch for ever.
 * @throws Error if a consumer of this process has fetched already, because kafkajs then holds its own batch reader
 */
export function boundRecordBatches(): void {
  if (isInPlace) return;
  if (require.cache[ITS_CALLER] !== undefined)
    throw new Error('kafkajs has fetched before its batch reader was wrapped');
  const read = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as ReadBatch;
  require.cache[BATCH_READER]!.exports = boundedReader(read);
  isInPlace = true;
}

function boundedReader(read: ReadBatch): ReadBatch {
  /** One decoder holds all batches that a fetch returned of one partition. */
  const spentOn = new WeakMap<Decoder, { bytes: number; records: number }>();

  async function readCompressed(decoder: Decoder, header: BatchHeader): Promise<RecordBatch> {
    const spent = spentOn.get(decoder) ?? { bytes: 0, records: 0 };
    spentOn.set(decoder, spent);
    if (spent.bytes >= MAX_BATCH_BYTES || spent.records >= MAX_BATCH_RECORDS)
      throw new FetchEnd('The limits of one fetch are reached.');
    const batch = batchOf(decoder, header);
    const records = await decompress(header.codec, batch.subarray(HEADER_BYTES), MAX_BATCH_BYTES);
    spent.bytes += records.length;
    spent.records += header.records;
    checkRecords(records, header.records);
    return read(plainBatch(batch, records, header.records));
  }

  function readEmpty(decoder: Decoder, header: BatchHeader): Promise<RecordBatch> {
    return read(plainBatch(batchOf(decoder, header), Buffer.alloc(0), 0));
  }

  async function readWithin(decoder: Decoder, header: BatchHeader): Promise<RecordBatch> {
    try {
      if (header.records > MAX_BATCH_RECORDS)
        throw new DecompressionError(`it has ${header.records} records, more than ${MAX_BATCH_RECORDS}`);
      if (header.codec === 0) return await read(new Decoder(batchOf(decoder, header)));
      if (header.records === 0) return await readEmpty(decoder, header);
      return await readCompressed(decoder, header);
    } catch (error) {
      if (!(error instanceof DecompressionError)) throw error;
      const empty = await readEmpty(decoder, header);
      return { ...empty, records: [rejectedBatch(empty, header, error)] };
    }
  }

  return async (decoder) => {
    const header = headerOf(decoder);
    // kafkajs itself detects that the batch is cut off.
    if (header === undefined) return read(decoder);
    const batch = await readWithin(decoder, header);
    decoder.forward(header.bytes);
    return batch.records.at(-1)?.offset === String(header.lastOffset) ? batch : withEnd(batch, header);
  };
}

/** @returns undefined if the batch is cut off */
function headerOf({ buffer, offset }: Decoder): BatchHeader | undefined {
  if (offset + HEADER_BYTES > buffer.length) return undefined;
  const bytes = LENGTH_END + buffer.readInt32BE(offset + LENGTH);
  if (offset + bytes > buffer.length) return undefined;
  const firstOffset = Number(buffer.readBigInt64BE(offset + FIRST_OFFSET));
  return {
    bytes,
    codec: buffer.readInt16BE(offset + ATTRIBUTES) & CODEC_MASK,
    firstOffset,
    lastOffset: firstOffset + buffer.readInt32BE(offset + LAST_OFFSET_DELTA),
    records: buffer.readInt32BE(offset + RECORDS),
  };
}

function batchOf({ buffer, offset }: Decoder, { bytes }: BatchHeader): Buffer {
  return buffer.subarray(offset, offset + bytes);
}

/** Returns a cursor over the same batch with uncompressed records. */
function plainBatch(batch: Buffer, records: Buffer, count: number): Decoder {
  const plain = Buffer.concat([batch.subarray(0, HEADER_BYTES), records]);
  plain.writeInt32BE(plain.length - LENGTH_END, LENGTH);
  plain.writeInt16BE(plain.readInt16BE(ATTRIBUTES) & ~CODEC_MASK, ATTRIBUTES);
  plain.writeInt32BE(count, RECORDS);
  return new Decoder(plain);
}

/**
 * Walks over the lengths of the records, each a zigzag varint. The check is needed because Node's zstd returns the part
 * that it has of a truncated frame, and kafkajs reads beyond the end of a buffer without an error.
 * @throws DecompressionError if the bytes are not exactly `count` records
 */
function checkRecords(records: Buffer, count: number): void {
  let at = 0;
  for (let record = 0; record < count && at < records.length; record++) {
    let [length, shift, byte] = [0, 0, 0];
    do {
      byte = records[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 32);
    at += length >>> 1;
    if (record === count - 1 && at === records.length) return;
  }
  throw new DecompressionError('its records are broken');
}

/** Returns the message that stands for a rejected batch. */
function rejectedBatch(
  { records: _, ...batchContext }: RecordBatch,
  { firstOffset, lastOffset, records }: BatchHeader,
  error: DecompressionError,
): BatchRecord {
  const reason = `The batch of offsets ${firstOffset} to ${lastOffset}, ${records} records, is rejected: ${error.message}.`;
  const batchError = new DecodeError('decode.batch', reason, { cause: error });
  return { ...recordAt(lastOffset, batchContext), value: Buffer.alloc(0), batchError };
}

/** Appends a control record, which advances the position and which kafkajs does not deliver. */
function withEnd(batch: RecordBatch, { lastOffset }: BatchHeader): RecordBatch {
  const { records, ...batchContext } = batch;
  return {
    ...batch,
    records: [...records, { ...recordAt(lastOffset, batchContext), isControlRecord: true }],
  };
}

function recordAt(offset: number, batchContext: BatchContext): BatchRecord {
  return {
    magicByte: 2,
    attributes: 0,
    timestamp: batchContext.maxTimestamp,
    offset: String(offset),
    key: null,
    value: null,
    headers: {},
    isControlRecord: false,
    batchContext,
  };
}
