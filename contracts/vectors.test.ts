import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeVector, encodeVector, VectorError, VectorReader } from './vectors.ts';

const finiteVector = fc.float32Array({ noNaN: true, noDefaultInfinity: true });

describe('vectors', () => {
  it('vectors are read back exactly', () => {
    fc.assert(
      fc.property(finiteVector, (vector) => {
        assert.deepEqual(decodeVector(encodeVector(vector), vector.length), vector);
      }),
    );
  });

  it('vectors are little-endian, wherever the view begins', () => {
    const view = new Float32Array(Float32Array.of(9, 1, -2).buffer, 4, 2);
    assert.equal(encodeVector(view).toString('hex'), '0000803f000000c0');
  });

  it('vectors are copied both ways, and need no alignment', () => {
    const vector = Float32Array.of(1, 2);
    const bytes = encodeVector(vector);
    vector[0] = 5;
    const shifted = Buffer.concat([Buffer.of(7), bytes]).subarray(1);
    const decoded = decodeVector(shifted, 2);
    shifted.fill(0);
    assert.deepEqual(decoded, Float32Array.of(1, 2));
  });

  it('a reader reads one after the other, also after one that it refuses', () => {
    const reader = new VectorReader(2);
    assert.deepEqual(reader.read(encodeVector(Float32Array.of(1, 2))), Float32Array.of(1, 2));
    assert.throws(() => reader.read(Buffer.alloc(4)), VectorError);
    assert.throws(() => reader.read(Buffer.from('0000c07f00000000', 'hex')), VectorError);
    assert.deepEqual(reader.read(encodeVector(Float32Array.of(3, 4))), Float32Array.of(3, 4));
  });

  it('an error names the field of a wrong length or a component that is not finite', () => {
    assert.throws(
      () => decodeVector(Buffer.alloc(12), 4, 'vector of item-1'),
      (error) =>
        error instanceof VectorError &&
        error.field === 'vector of item-1' &&
        error.message === 'vector of item-1 has 12 bytes, but 4 float32 components take 16.',
    );
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(
        () => encodeVector(Float32Array.of(0, bad)),
        /^VectorError: vector is (NaN|Infinity) at component 1/,
      );
      assert.throws(() => decodeVector(Buffer.from(Float32Array.of(bad).buffer), 1), {
        code: 'vector.invalid',
      });
    }
  });
});
