import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IHeaders } from 'kafkajs';
import { headerText, readHeaders } from './headers.ts';

/** What kafkajs makes of headers, null included, which its types leave out. */
const given = (headers: Record<string, unknown>) => headers as IHeaders;

describe('headers', () => {
  it('give the last value of a name that comes more than once', () => {
    const headers = given({ a: [Buffer.from('1'), Buffer.from('2')], b: Buffer.from('3') });
    assert.deepEqual(readHeaders(headers), { a: Buffer.from('2'), b: Buffer.from('3') });
    assert.equal(headerText(headers, 'a'), '2');
  });

  it('keep the name of a header without a value', () => {
    const headers = given({ a: null, b: [Buffer.from('1'), null] });
    assert.deepEqual(readHeaders(headers), { a: Buffer.alloc(0), b: Buffer.alloc(0) });
    assert.equal(headerText(headers, 'a'), undefined);
    assert.equal(headerText(headers, 'b'), undefined);
  });

  it('may be named like what every object has', () => {
    // kafkajs takes the inherited property for an earlier value of the name.
    const headers = given({ constructor: [Object, Buffer.from('1')], ['__proto__']: Buffer.from('2') });
    assert.equal(readHeaders(headers).constructor?.toString(), '1');
    assert.equal(Object.getOwnPropertyDescriptor(readHeaders(headers), '__proto__')?.value.toString(), '2');
    assert.equal(headerText(headers, 'constructor'), '1');
    assert.equal(headerText(given({}), 'constructor'), undefined);
  });

  it('may be missing', () => {
    assert.deepEqual(readHeaders(undefined), {});
    assert.equal(headerText(undefined, 'a'), undefined);
  });
});
