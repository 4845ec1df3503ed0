/** How kafkajs reads record batches here: all codecs, within bounds, and each batch to its last offset. */
import { createRequire } from 'node:module';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { DecodeError } from '#contracts/codec.ts';
import { decompress } from './compression.ts';
import { DecompressionError } from './decompressed.ts';

/** Bytes that the records of one batch may have when they are decompressed. A broker's default lets 1 MiB in, compressed. */
export const MAX_BATCH_BYTES = 32 * 1_048_576;
/** Records of one batch. kafkajs hands them on as the arguments of one call, which the stack bounds at about 125,000. */
export const MAX_BATCH_RECORDS = 100_000;

/** A message as kafkajs gives it out. */
export type LogMessage = KafkaMessage & {
  /**
   * Why the records of a batch cannot be had: they are broken, or beyond the limits. One message with an empty value
   * stands for all of them, at the last offset of the batch.
   */
  readonly refused?: DecodeError;
};

/** A cursor of kafkajs over bytes; here it stands at the beginning of a batch. */
interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  forward(bytes: number): void;
}

/** What kafkajs knows of a batch beside its records. */
interface BatchContext {
  readonly maxTimestamp: string;
}

interface RecordBatch extends BatchContext {
  readonly records: readonly BatchRecord[];
}

/** A record before kafkajs drops control records, and what belongs to aborted transactions. */
interface BatchRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly refused?: DecodeError;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

/** kafkajs takes an error of this name for a batch that is cut off at the end of a fetch, and reads it with the next one. */
class FetchEnd extends Error {
  override readonly name = 'KafkaJSPartialMessageError';
}

type ReadBatch = (decoder: Decoder) => Promise<RecordBatch>;

/** A record batch of version 2 without its records (Kafka protocol, “Record Batch”). */
interface BatchHeader {
  /** Bytes of the whole batch. */
  readonly bytes: number;
  readonly codec: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly records: number;
}

const HEADER_BYTES = 61;
const [FIRST_OFFSET, LENGTH, ATTRIBUTES, LAST_OFFSET_DELTA, RECORDS] = [0, 8, 21, 23, 57];
/** The length of a batch counts what follows it. */
const LENGTH_END = 12;
const CODEC_MASK = 0x07;

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => Decoder;
const BATCH_READER = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder.js');
const ITS_CALLER = require.resolve('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js');
let isInPlace = false;

/**
 * Puts a reader of record batches around that of kafkajs 2.2.4, for the whole process. With it
 * - gzip, snappy, lz4 and zstd are read; kafkajs alone stops at all but gzip, and takes whatever memory that asks for;
 * - a batch that is broken or beyond the limits becomes one message that says so, and its partition goes on;
 * - what one fetch brings of a partition is decompressed up to the limits, and the rest comes with the next fetch;
 * - a batch whose last records compaction removed is passed as a whole; kafkajs alone asks again for each offset that
 *   is missing, and for ever where no record is left.
 * @throws Error where a consumer of this process has fetched before: then kafkajs has its own reader in hand already
 */
export function boundRecordBatches(): void {
  if (isInPlace) return;
  if (require.cache[ITS_CALLER] !== undefined) throw new Error('kafkajs has fetched before it was prepared');
  const read = require(BATCH_READER) as ReadBatch;
  require.cache[BATCH_READER]!.exports = boundedReader(read);
  isInPlace = true;
}

function boundedReader(read: ReadBatch): ReadBatch {
  /** By the decoder of what a fetch brought of a partition. */
  const spentOn = new WeakMap<Decoder, { bytes: number; records: number }>();

  async function readCompressed(decoder: Decoder, header: BatchHeader): Promise<RecordBatch> {
    const spent = spentOn.get(decoder) ?? { bytes: 0, records: 0 };
    spentOn.set(decoder, spent);
    // As if the fetch had ended before this batch.
    if (spent.bytes >= MAX_BATCH_BYTES || spent.records >= MAX_BATCH_RECORDS)
      throw new FetchEnd('What a fetch may bring is reached.');
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
      return { ...empty, records: [refusal(empty, header, error)] };
    }
  }

  return async (decoder) => {
    const header = headerOf(decoder);
    // kafkajs finds by itself that the batch is cut off.
    if (header === undefined) return read(decoder);
    const batch = await readWithin(decoder, header);
    decoder.forward(header.bytes);
    return batch.records.at(-1)?.offset === String(header.lastOffset) ? batch : withEnd(batch, header);
  };
}

/** Undefined where the batch is cut off. */
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

/** The same batch with records that are not compressed. */
function plainBatch(batch: Buffer, records: Buffer, count: number): Decoder {
  const plain = Buffer.concat([batch.subarray(0, HEADER_BYTES), records]);
  plain.writeInt32BE(plain.length - LENGTH_END, LENGTH);
  plain.writeInt16BE(plain.readInt16BE(ATTRIBUTES) & ~CODEC_MASK, ATTRIBUTES);
  plain.writeInt32BE(count, RECORDS);
  return new Decoder(plain);
}

/**
 * kafkajs reads beyond the end without an error, and Node's zstd gives what it has of a frame that is cut off.
 * @throws DecompressionError where the bytes are not so many records, each with its length in front as a zigzag varint
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

/** Stands for all records of a batch that is refused. */
function refusal(
  { records: _, ...batchContext }: RecordBatch,
  { firstOffset, lastOffset, records }: BatchHeader,
  error: DecompressionError,
): BatchRecord {
  const reason = `The batch of offsets ${firstOffset} to ${lastOffset}, ${records} records, is refused: ${error.message}.`;
  const refused = new DecodeError('decode.batch', reason, { cause: error });
  return { ...recordAt(lastOffset, batchContext), value: Buffer.alloc(0), refused };
}

/** Ends the batch with a control record, which moves the position and no consumer sees. */
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
