import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseWriterType } from './avro-types.ts';
import { compileBoundsCheck } from './bounds.ts';

const checkOf = (schema: unknown) => compileBoundsCheck(parseWriterType(schema));
const record = (...fields: readonly object[]) => ({ type: 'record', name: 'R', fields });

describe('bounds', () => {
  it('types without counts are left to avsc', () => {
    assert.equal(checkOf(record({ name: 'a', type: 'string' })), undefined);
  });

  it('a count beyond the bytes is rejected before anything is allocated for it', () => {
    const check = checkOf(record({ name: 'items', type: { type: 'array', items: 'string' } }))!;
    // A count of 2^31 as a zigzag varint, followed by nothing.
    assert.throws(
      () => check(Buffer.from('8080808010', 'hex')),
      /count 2147483648 at byte 5 with 0 bytes left/,
    );
    // The same as a negative count, which is followed by the block's size.
    assert.throws(() => check(Buffer.from('ffffffff0f00', 'hex')), /count 2147483648/);
  });

  it('nested lists of items without bytes are rejected before they are counted out', () => {
    const nulls = { type: 'array', items: 'null' };
    const check = checkOf({ type: 'array', items: nulls })!;
    // 200,000 lists, each of which claims 150,000 nulls.
    const list = Buffer.from('e0a71200', 'hex');
    const body = Buffer.concat([
      Buffer.from('80b518', 'hex'),
      ...Array.from({ length: 200_000 }, () => list),
    ]);
    assert.throws(() => check(body), /items without bytes/);
  });

  it('a length below zero or beyond the bytes is rejected', () => {
    const check = checkOf({ type: 'map', values: 'bytes' })!;
    assert.throws(() => check(Buffer.from([2, 1])), /length -1/);
    assert.throws(() => check(Buffer.from([2, 8, 65])), /length 4 at byte 2 with 1 bytes left/);
  });

  it('an endless number and a truncated one are rejected', () => {
    const check = checkOf({ type: 'array', items: 'long' })!;
    assert.throws(() => check(Buffer.alloc(11, 0xff)), /more than ten bytes/);
    assert.throws(() => check(Buffer.from([0x80])), /truncated within a number/);
  });

  it('a branch that a union does not have is rejected', () => {
    const check = checkOf({ type: 'array', items: ['null', 'string'] })!;
    assert.throws(() => check(Buffer.from([2, 4, 0])), /branch 2 of a union of 2/);
  });

  it('the check accepts what avsc writes for every kind of schema, recursive ones included', () => {
    const type = parseWriterType(
      record(
        { name: 'flag', type: 'boolean' },
        { name: 'near', type: 'float' },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 3 } },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
        { name: 'numbers', type: { type: 'array', items: 'double' } },
        { name: 'named', type: { type: 'map', values: ['null', 'int'] } },
        { name: 'children', type: { type: 'array', items: 'R' } },
      ),
    );
    const leaf = {
      flag: true,
      near: 0.5,
      at: -1,
      hash: Buffer.from('abc'),
      kind: 'b',
      numbers: [1, 2, 3],
      named: { x: null, y: 300 },
      children: [],
    };
    const body = type.toBuffer({ ...leaf, children: [leaf, leaf] });
    const check = compileBoundsCheck(type)!;
    assert.doesNotThrow(() => check(body));
    for (let length = 0; length < body.length; length++) {
      assert.throws(() => check(body.subarray(0, length)), RangeError, `truncated to ${length} bytes`);
    }
  });
});
