import { createRequire } from 'node:module';
import { type AbortedTransaction, type BatchRecord, readRecordBatches } from './record-batches.ts';

/** The cursor of kafkajs over the bytes of a response. */
interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readBytes(length: number): Buffer;
  readArray<T>(read: (decoder: Decoder) => T): T[];
  readArrayAsync<T>(read: (decoder: Decoder) => Promise<T>): Promise<T[]>;
}

/** A partition of a fetch response in the form that the consumer of kafkajs expects. */
interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly preferredReadReplica: number;
  readonly messages: readonly BatchRecord[];
}

/** The offset of the magic byte in a batch, the same in all versions of the format. */
const MAGIC = 16;

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder;
const readMessageSet = require('kafkajs/src/protocol/messageSet/decoder.js') as (
  decoder: Decoder,
  bytes: number,
) => Promise<BatchRecord[]>;

/**
 * Replaces the decoder of kafkajs 2.2.4 for fetch responses, version 11, for the whole process. Brokers from version 2.3
 * on answer in this version. kafkajs requires the module for each request, so the time of the call does not matter.
 */
export function replaceFetchDecoder(): void {
  const response = require('kafkajs/src/protocol/requests/fetch/v11/response.js') as {
    decode: (bytes: Buffer) => Promise<unknown>;
  };
  response.decode = decodeFetch;
}

/** Decodes a fetch response (Kafka protocol, “Fetch Response (Version: 11)”). */
async function decodeFetch(bytes: Buffer): Promise<unknown> {
  const decoder = new Decoder(bytes);
  const clientSideThrottleTime = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const sessionId = decoder.readInt32();
  const responses = await decoder.readArrayAsync(async (topic) => ({
    topicName: topic.readString(),
    partitions: await topic.readArrayAsync(readPartition),
  }));
  // The time of the throttle is left to the client since KIP-219; the broker has not waited.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

async function readPartition(decoder: Decoder): Promise<FetchedPartition> {
  const partition = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const highWatermark = decoder.readInt64().toString();
  const lastStableOffset = decoder.readInt64().toString();
  const lastStartOffset = decoder.readInt64().toString();
  const aborted = decoder.readArray((transaction) => ({
    producerId: transaction.readInt64().toString(),
    firstOffset: Number(transaction.readInt64().toString()),
  }));
  const preferredReadReplica = decoder.readInt32();
  const size = decoder.readInt32();
  return {
    partition,
    errorCode,
    // kafkajs computes the lag up to here, and messages behind the last stable offset cannot be read yet.
    highWatermark: lastStableOffset === '-1' ? highWatermark : lastStableOffset,
    lastStableOffset,
    lastStartOffset,
    // The messages of aborted transactions are removed already.
    abortedTransactions: [],
    preferredReadReplica,
    messages: size > 0 ? await readMessages(decoder.readBytes(size), aborted) : [],
  };
}

function readMessages(bytes: Buffer, aborted: readonly AbortedTransaction[]): Promise<BatchRecord[]> {
  // A log may still hold message sets that brokers before 0.11 wrote.
  const isMessageSet = bytes.length > MAGIC && bytes[MAGIC]! < 2;
  return isMessageSet ? readMessageSet(new Decoder(bytes), bytes.length) : readRecordBatches(bytes, aborted);
}
