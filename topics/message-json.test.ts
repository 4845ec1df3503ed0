import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryRecord } from '#contracts/arbitrary.testing.ts';
import { type RecordName, SCHEMAS } from '#contracts/generated/records.ts';
import { toJson } from './format.ts';
import { headersToJson, keyToJson, MisfitError, valueFromJson } from './message-json.ts';

describe('a message as JSON', () => {
  it('comes back as it was, for every record', () => {
    for (const name of Object.keys(SCHEMAS) as RecordName[]) {
      fc.assert(
        fc.property(arbitraryRecord(name), (value) => {
          const json: unknown = JSON.parse(JSON.stringify(toJson(value, { full: true })));
          assert.deepEqual(valueFromJson(SCHEMAS[name], json), withoutMinusZero(value));
        }),
        { numRuns: 20 },
      );
    }
  });

  it('names an unknown field, a missing field, and bytes that are not base64', () => {
    const faultOf = (value: unknown) => {
      try {
        valueFromJson(SCHEMAS.ItemEmbedding, value);
      } catch (error) {
        if (error instanceof MisfitError) return [error.fault.code, error.fault.field];
        throw error;
      }
      return undefined;
    };
    const whole = { generation: 'g1', itemId: 'tea', vector: 'AAAAAA==', origin: 'trained', basis: null };
    assert.equal(faultOf(whole), undefined);
    assert.deepEqual(faultOf({ ...whole, colour: 1 }), ['field.invalid', 'colour']);
    assert.deepEqual(faultOf({ generation: 'g1' }), ['field.missing', 'itemId']);
    assert.deepEqual(faultOf({ ...whole, vector: 'AAAA… 256 bytes' }), ['encode.invalid', 'vector']);
    assert.deepEqual(faultOf([]), ['encode.invalid', '']);
  });

  it('keeps keys and headers that are not UTF-8 beside the others', () => {
    assert.deepEqual(keyToJson(Buffer.from('a\u0000b')), { key: 'a\u0000b' });
    assert.deepEqual(keyToJson(Buffer.from([0xff])), { key: null, keyBytes: '/w==' });
    assert.deepEqual(headersToJson({ a: Buffer.from('1'), b: Buffer.from([0xff]) }), {
      headers: { a: '1' },
      headerBytes: { b: '/w==' },
    });
  });
});

/** JSON has no minus zero. */
function withoutMinusZero(value: unknown): unknown {
  if (typeof value === 'number') return value + 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutMinusZero(part)]));
}
