/** Reads the record batches of Kafka: every codec, within limits, and each batch to its last offset. */
import { createRequire } from 'node:module';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { DecodeError } from '#contracts/codec.ts';
import { decompress } from './compression.ts';
import { DecompressionError } from './decompressed.ts';
import { readRecord } from './records.ts';

/** Most bytes of the decompressed records of one batch. A broker accepts 1 MiB of compressed records by default. */
export const MAX_BATCH_BYTES = 32 * 1_048_576;
/** Most records of one batch. A record takes several hundred bytes of memory, however short it is. */
export const MAX_BATCH_RECORDS = 100_000;

/** A message as kafkajs delivers it. */
export type LogMessage = KafkaMessage & {
  /**
   * The reason why a whole batch is rejected: its records are broken or exceed the limits. One message with an empty
   * value stands for the batch, at its last offset.
   */
  readonly batchError?: DecodeError;
};

/** A record, before kafkajs drops control records. */
export interface BatchRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly batchError?: DecodeError;
  readonly isControlRecord: boolean;
}

/** A transaction that ended in an abort marker. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: number;
}

/** The header of a record batch (Kafka protocol, “Record Batch”, magic 2). */
interface BatchHeader {
  /** Bytes of the whole batch, header included. */
  readonly bytes: number;
  readonly codec: number;
  readonly isTransactional: boolean;
  /** A control batch holds the marker that ends a transaction. */
  readonly isControl: boolean;
  readonly producerId: string;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: string;
  readonly records: number;
}

const HEADER_BYTES = 61;
/** The length field counts the bytes that follow it. */
const LENGTH_END = 12;
const LENGTH = 8;
const ATTRIBUTES = 21;
const RECORDS = 57;
const CODEC_MASK = 0x07;
const TRANSACTIONAL_FLAG = 0x10;
const CONTROL_FLAG = 0x20;

const require = createRequire(import.meta.url);
require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js');
// The reader of batches takes the reader of records from there when it is loaded, below.
require.cache[require.resolve('kafkajs/src/protocol/recordBatch/record/v0/decoder.js')]!.exports = readRecord;
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;
const readBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<{ readonly records: readonly BatchRecord[] }>;

/**
 * Reads the batches that a fetch returned of one partition. The last batch may be cut off; it is left to the next fetch.
 * - A batch that is broken or exceeds the limits is replaced by one record with the reason.
 * - Batches of aborted transactions are replaced by a control record, which kafkajs does not deliver.
 * - After a batch whose last records compaction has removed, a control record stands at the last offset. Without it
 *   kafkajs fetches the same batch once for each missing offset, and for ever if no record is left.
 * - Once the limits of one batch are reached, further compressed batches are left to the next fetch.
 * @param aborted the aborted transactions of the fetched range
 */
export async function readRecordBatches(
  bytes: Buffer,
  aborted: readonly AbortedTransaction[],
): Promise<BatchRecord[]> {
  const isAborted = followTransactions(aborted);
  const records: BatchRecord[] = [];
  let decompressed = 0;
  for (let at = 0; ; ) {
    const header = headerAt(bytes, at);
    if (header === undefined) return records;
    const isFull = decompressed >= MAX_BATCH_BYTES || records.length >= MAX_BATCH_RECORDS;
    if (isFull && header.codec !== 0) return records;
    const batch = bytes.subarray(at, at + header.bytes);
    at += header.bytes;
    if (!isAborted(header)) {
      const plain = await decompressBatch(batch, header);
      if (plain instanceof DecompressionError) records.push(rejectedBatch(header, plain));
      else {
        if (plain !== batch) decompressed += plain.length;
        for (const record of (await readBatch(new Decoder(plain))).records) records.push(record);
      }
    }
    if (records.at(-1)?.offset !== String(header.lastOffset)) records.push(controlRecord(header));
  }
}

/**
 * Returns whether a batch belongs to an aborted transaction. Call it for the batches in log order. kafkajs has this
 * filter too, but it delivers messages of an aborted transaction if a fetch begins within several of them.
 */
function followTransactions(aborted: readonly AbortedTransaction[]): (batch: BatchHeader) => boolean {
  const ahead = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<string>();
  return ({ producerId, lastOffset, isTransactional, isControl }) => {
    while (ahead[0] !== undefined && ahead[0].firstOffset <= lastOffset) open.add(ahead.shift()!.producerId);
    if (isControl) open.delete(producerId);
    return isTransactional && !isControl && open.has(producerId);
  };
}

/** @returns undefined at the end, and if the batch is cut off */
function headerAt(bytes: Buffer, at: number): BatchHeader | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  const length = LENGTH_END + bytes.readInt32BE(at + LENGTH);
  if (at + length > bytes.length) return undefined;
  const attributes = bytes.readInt16BE(at + ATTRIBUTES);
  const firstOffset = Number(bytes.readBigInt64BE(at));
  return {
    bytes: length,
    codec: attributes & CODEC_MASK,
    isTransactional: (attributes & TRANSACTIONAL_FLAG) !== 0,
    isControl: (attributes & CONTROL_FLAG) !== 0,
    producerId: String(bytes.readBigInt64BE(at + 43)),
    firstOffset,
    lastOffset: firstOffset + bytes.readInt32BE(at + 23),
    maxTimestamp: String(bytes.readBigInt64BE(at + 35)),
    records: bytes.readInt32BE(at + RECORDS),
  };
}

/** @returns the batch with uncompressed records: the same bytes if it is not compressed */
async function decompressBatch(batch: Buffer, header: BatchHeader): Promise<Buffer | DecompressionError> {
  try {
    if (header.records > MAX_BATCH_RECORDS)
      throw new DecompressionError(`it has ${header.records} records, more than ${MAX_BATCH_RECORDS}`);
    if (header.codec === 0) return batch;
    const isEmpty = header.records === 0;
    const compressed = batch.subarray(HEADER_BYTES);
    const records = isEmpty ? compressed : await decompress(header.codec, compressed, MAX_BATCH_BYTES);
    if (!isEmpty) checkRecords(records, header.records);
    const plain = Buffer.concat([batch.subarray(0, HEADER_BYTES), records]);
    plain.writeInt32BE(plain.length - LENGTH_END, LENGTH);
    plain.writeInt16BE(plain.readInt16BE(ATTRIBUTES) & ~CODEC_MASK, ATTRIBUTES);
    return plain;
  } catch (error) {
    if (error instanceof DecompressionError) return error;
    throw error;
  }
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
function rejectedBatch(header: BatchHeader, error: DecompressionError): BatchRecord {
  const { firstOffset, lastOffset, records } = header;
  const reason = `The batch of offsets ${firstOffset} to ${lastOffset}, ${records} records, is rejected: ${error.message}.`;
  const batchError = new DecodeError('decode.batch', reason, { cause: error });
  return { ...controlRecord(header), isControlRecord: false, value: Buffer.alloc(0), batchError };
}

/** Returns a record at the last offset of a batch that advances the position and that kafkajs does not deliver. */
function controlRecord({ lastOffset, maxTimestamp }: BatchHeader): BatchRecord {
  return {
    magicByte: 2,
    attributes: 0,
    timestamp: maxTimestamp,
    offset: String(lastOffset),
    key: null,
    value: null,
    headers: {},
    isControlRecord: true,
  };
}
