import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  type AbortedTransaction,
  type BatchRecord,
  MAX_BATCH_BYTES,
  MAX_BATCH_RECORDS,
  readRecordBatches,
} from './record-batches.ts';

const require = createRequire(import.meta.url);
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js');

const GZIP = 1;
const ZSTD = 4;
const ATTRIBUTES = 21;
const PRODUCER_ID = 43;
const RECORDS = 57;
const HEADER_BYTES = 61;

interface BatchOptions {
  readonly firstOffset?: number;
  /** Beyond the last value when compaction has removed the last records. */
  readonly lastOffset?: number;
  /** The count in the header. Default: the number of values. */
  readonly records?: number;
  readonly codec?: number;
  /** The producer of the transaction to which the batch belongs. */
  readonly producerId?: number;
  /** Whether the batch holds the marker that ends the transaction. */
  readonly isMarker?: boolean;
  readonly compress?: (records: Buffer) => Buffer;
}

/** Returns a batch of these values in the form in which a broker stores it. */
async function batchOf(values: readonly (string | Buffer)[], options: BatchOptions = {}): Promise<Buffer> {
  const { firstOffset = 0, codec = 0, compress = (records: Buffer) => records } = options;
  const records = values.map((value, offsetDelta) =>
    encodeRecord({ offsetDelta, timestampDelta: 0, key: null, value: Buffer.from(value) }),
  );
  const lastOffsetDelta = (options.lastOffset ?? firstOffset + values.length - 1) - firstOffset;
  const plain = (await RecordBatch({ firstOffset, lastOffsetDelta, records })).buffer as Buffer;
  const batch = Buffer.concat([plain.subarray(0, HEADER_BYTES), compress(plain.subarray(HEADER_BYTES))]);
  batch.writeInt32BE(batch.length - 12, 8);
  const { producerId, isMarker = false } = options;
  batch.writeInt16BE(codec + (producerId === undefined ? 0 : 0x10) + (isMarker ? 0x20 : 0), ATTRIBUTES);
  batch.writeBigInt64BE(BigInt(producerId ?? -1), PRODUCER_ID);
  batch.writeInt32BE(options.records ?? values.length, RECORDS);
  return batch;
}

const read = (...batches: Buffer[]) => readRecordBatches(Buffer.concat(batches), []);

const shown = (messages: readonly BatchRecord[]) =>
  messages.map(({ offset, value, batchError }) => `${offset}: ${batchError?.code ?? value}`);

describe('reading record batches', () => {
  it('reads batches one after the other, compressed or not', async () => {
    const messages = await read(
      await batchOf(['a', 'b']),
      await batchOf(['c'], { firstOffset: 2, codec: GZIP, compress: gzipSync }),
      await batchOf(['d', 'e'], { firstOffset: 3, codec: ZSTD, compress: zstdCompressSync }),
    );
    assert.deepEqual(shown(messages), ['0: a', '1: b', '2: c', '3: d', '4: e']);
  });

  it('leaves out a batch that is cut off at the end of a fetch', async () => {
    const cut = (await batchOf(['c'], { firstOffset: 2 })).subarray(0, -1);
    assert.deepEqual(shown(await read(await batchOf(['a', 'b']), cut)), ['0: a', '1: b']);
  });

  it('ends a batch in a control record when compaction has removed its last records, or all of them', async () => {
    const messages = await read(
      await batchOf(['a'], { lastOffset: 4 }),
      await batchOf([], { firstOffset: 5, lastOffset: 7 }),
      await batchOf([], { firstOffset: 8, lastOffset: 9, codec: ZSTD }),
    );
    assert.deepEqual(
      messages.map(({ offset, isControlRecord }) => [offset, isControlRecord]),
      [
        ['0', false],
        ['4', true],
        ['7', true],
        ['9', true],
      ],
    );
  });

  it('rejects a batch whose bytes are broken and reads the batches behind it', async () => {
    const cut = (records: Buffer) => zstdCompressSync(records).subarray(0, -5);
    const messages = await read(
      await batchOf(['a', 'b'], { codec: GZIP, compress: () => Buffer.from('no gzip') }),
      await batchOf(['c', 'd'], { firstOffset: 2, codec: ZSTD, compress: cut }),
      await batchOf(['e'], { firstOffset: 4, codec: 6 }),
      await batchOf(['f'], { firstOffset: 5 }),
    );
    assert.deepEqual(shown(messages), ['1: decode.batch', '3: decode.batch', '4: decode.batch', '5: f']);
    assert.deepEqual(
      messages.slice(0, 3).map(({ batchError }) => batchError?.message),
      [
        'The batch of offsets 0 to 1, 2 records, is rejected: gzip: incorrect header check.',
        'The batch of offsets 2 to 3, 2 records, is rejected: its records are broken.',
        'The batch of offsets 4 to 4, 1 records, is rejected: codec 6 is unknown.',
      ],
    );
    assert.deepEqual(
      [messages[0]?.key, messages[0]?.value?.length],
      [null, 0],
      'a rejected batch is no tombstone',
    );
  });

  it('rejects a batch that exceeds the limit of bytes or of records', async () => {
    const much = Buffer.alloc(MAX_BATCH_BYTES);
    const many = { records: MAX_BATCH_RECORDS + 1 };
    const messages = await read(
      await batchOf([much], { codec: ZSTD, compress: zstdCompressSync }),
      await batchOf(['a'], {
        ...many,
        firstOffset: 1,
        lastOffset: 100_001,
        codec: ZSTD,
        compress: zstdCompressSync,
      }),
      await batchOf(['b'], { ...many, firstOffset: 100_002, lastOffset: 200_002 }),
      await batchOf(['a'], { firstOffset: 200_003 }),
    );
    assert.deepEqual(shown(messages), [
      '0: decode.batch',
      '100001: decode.batch',
      '200002: decode.batch',
      '200003: a',
    ]);
    assert.match(messages[0]!.batchError!.message, /zstd: the decompressed data exceeds 33554432 bytes/);
    assert.match(messages[1]!.batchError!.message, /it has 100001 records, more than 100000/);
  });

  it('decompresses no more of a fetch than the limit and one batch, and leaves the rest to the next fetch', async () => {
    const half = Buffer.alloc(MAX_BATCH_BYTES / 2);
    const batch = await batchOf([half], { codec: ZSTD, compress: zstdCompressSync });
    const batches = [0n, 1n, 2n, 3n].map((firstOffset) => {
      const copy = Buffer.from(batch);
      copy.writeBigInt64BE(firstOffset);
      return copy;
    });
    assert.deepEqual(
      (await read(...batches)).map(({ offset }) => offset),
      ['0', '1'],
    );
    assert.deepEqual(
      (await read(...batches.slice(2))).map(({ offset }) => offset),
      ['2', '3'],
    );
  });

  it('leaves out each of several aborted transactions that overlap, also if a fetch begins within them', async () => {
    const aborted: AbortedTransaction[] = [
      { producerId: '8', firstOffset: 2 },
      { producerId: '7', firstOffset: 0 },
      { producerId: '7', firstOffset: 10 },
    ];
    const batches = await Promise.all([
      batchOf(['aborted'], { firstOffset: 4, producerId: 8 }),
      batchOf(['aborted'], {
        firstOffset: 5,
        producerId: 7,
        codec: ZSTD,
        compress: () => Buffer.from('broken'),
      }),
      batchOf(['in no transaction'], { firstOffset: 6 }),
      batchOf(['marker'], { firstOffset: 7, producerId: 7, isMarker: true }),
      batchOf(['committed'], { firstOffset: 8, producerId: 7 }),
      batchOf(['marker'], { firstOffset: 9, producerId: 7, isMarker: true }),
      batchOf(['aborted'], { firstOffset: 10, producerId: 7 }),
      batchOf(['aborted'], { firstOffset: 11, producerId: 8 }),
    ]);
    const records = await readRecordBatches(Buffer.concat(batches), aborted);
    const delivered = records.filter(({ isControlRecord }) => !isControlRecord);
    assert.deepEqual(shown(delivered), ['6: in no transaction', '8: committed']);
    assert.deepEqual(
      records.map(({ offset }) => Number(offset)),
      [4, 5, 6, 7, 8, 9, 10, 11],
    );
  });

  it('reads a batch of as many records as the limit allows', async () => {
    const records = MAX_BATCH_RECORDS;
    const compress = (record: Buffer) => Buffer.concat(Array.from({ length: records }, () => record));
    const messages = await read(await batchOf(['a'], { records, lastOffset: records - 1, compress }));
    assert.equal(messages.filter(({ value }) => value?.toString() === 'a').length, records);
  });
});
