import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type RecordContext, type RecordCursor, readRecord } from './records.ts';

const require = createRequire(import.meta.url);
type Read = (cursor: RecordCursor, context: RecordContext) => ReturnType<typeof readRecord>;
const readAsKafkajs = require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as Read;
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => RecordCursor;

/** Zigzag varint. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)); ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) return Buffer.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

type Header = readonly [name: string, value: Buffer | null];

function recordOf(
  timestampDelta: number,
  offsetDelta: number,
  key: Buffer | null,
  value: Buffer | null,
  headers: readonly Header[],
): Buffer {
  return Buffer.concat([
    Buffer.of(0),
    varint(timestampDelta),
    varint(offsetDelta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, held]) => [sized(Buffer.from(name)), sized(held)]),
  ]);
}

const CONTEXT: RecordContext = {
  firstOffset: '4000000000',
  firstTimestamp: '1772366400000',
  maxTimestamp: '1772366409999',
  magicByte: 2,
  isControlBatch: false,
  timestampType: 0,
};

describe('the reader of a record', () => {
  it('reads what kafkajs reads', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)));
    const headers = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'traceparent', ''), bytes), { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.nat(100_000),
        bytes,
        bytes,
        headers,
        fc.constantFrom(0, 1),
        (timestampDelta, offsetDelta, key, value, named, timestampType) => {
          const record = recordOf(timestampDelta, offsetDelta, key, value, named);
          const context = { ...CONTEXT, timestampType };
          assert.deepEqual(
            readRecord(new Decoder(record), context),
            readAsKafkajs(new Decoder(record), context),
          );
        },
      ),
    );
  });

  it('reads a megabyte of headers at once, of one name or of many', () => {
    for (const nameOf of [(i: number) => String(i), () => 'same']) {
      const headers = Array.from({ length: 100_000 }, (_, i): Header => [nameOf(i), Buffer.of(1)]);
      const read = readRecord(new Decoder(recordOf(0, 0, null, null, headers)), CONTEXT);
      const values = Object.values(read.headers);
      assert.equal(values.flat().length, 100_000);
    }
  });

  it('reads headers with the names of properties that every object has', () => {
    const headers: Header[] = [
      ['__proto__', Buffer.from('p')],
      ['constructor', Buffer.from('c')],
    ];
    const read = readRecord(new Decoder(recordOf(0, 0, null, null, headers)), CONTEXT);
    assert.deepEqual(Object.entries(read.headers), headers);
  });
});
