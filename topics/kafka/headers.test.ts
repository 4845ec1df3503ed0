import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IHeaders } from 'kafkajs';
import { headerText, readHeaders } from './headers.ts';

/** Headers as kafkajs returns them; its types exclude null. */
const given = (headers: Record<string, unknown>) => headers as IHeaders;

describe('reading headers', () => {
  it('returns the last of several headers of one name', () => {
    const headers = given({ a: [Buffer.from('1'), Buffer.from('2')], b: Buffer.from('3') });
    assert.deepEqual(readHeaders(headers), { a: Buffer.from('2'), b: Buffer.from('3') });
    assert.equal(headerText(headers, 'a'), '2');
  });

  it('keeps the name of a header without a value', () => {
    const headers = given({ a: null, b: [Buffer.from('1'), null] });
    assert.deepEqual(readHeaders(headers), { a: Buffer.alloc(0), b: Buffer.alloc(0) });
    assert.equal(headerText(headers, 'a'), undefined);
    assert.equal(headerText(headers, 'b'), undefined);
  });

  it('reads a header whose name every object inherits', () => {
    // kafkajs mistakes the inherited property for an earlier header of the name.
    const headers = given({ constructor: [Object, Buffer.from('1')], ['__proto__']: Buffer.from('2') });
    assert.equal(readHeaders(headers).constructor?.toString(), '1');
    assert.equal(Object.getOwnPropertyDescriptor(readHeaders(headers), '__proto__')?.value.toString(), '2');
    assert.equal(headerText(headers, 'constructor'), '1');
    assert.equal(headerText(given({}), 'constructor'), undefined);
  });

  it('reads a message without headers', () => {
    assert.deepEqual(readHeaders(undefined), {});
    assert.equal(headerText(undefined, 'a'), undefined);
  });
});
