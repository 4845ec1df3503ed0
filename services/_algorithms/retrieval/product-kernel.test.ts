import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { BLOCK_ROWS, createScalarProducts, createSimdProducts } from './product-kernel.ts';
import { PRODUCT_KERNEL_SOURCE_SHA256 } from './product-kernel.wasm.ts';

const [simd, scalar] = [createSimdProducts(), createScalarProducts()];

describe('the product kernel', () => {
  it('is the assembled form of its source', () => {
    const source = readFileSync(new URL('./product-kernel.wat', import.meta.url));
    assert.equal(createHash('sha256').update(source).digest('hex'), PRODUCT_KERNEL_SOURCE_SHA256);
  });

  it('returns the bits of the loop in TypeScript, whatever the length of the vectors before', () => {
    const shape = fc.record({
      quarters: fc.integer({ min: 0, max: 40 }),
      first: fc.nat(20),
      count: fc.integer({ min: 0, max: BLOCK_ROWS }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ quarters, first, count, seed }) => {
        const random = createRandom(seed);
        const dim = 4 * quarters;
        const query = Float64Array.from({ length: dim }, () => random.normal());
        const matrix = Float32Array.from({ length: dim * (first + count) }, () => random.normal());
        const found = simd(query, matrix, first, count).slice(0, count);
        assert.deepEqual(found, scalar(query, matrix, first, count).slice(0, count));
      }),
    );
  });

  it('returns the products of the definition, up to rounding, for any length', () => {
    const random = createRandom('products');
    for (const dim of [1, 3, 5, 64]) {
      const query = Float64Array.from({ length: dim }, () => random.normal());
      const matrix = Float32Array.from({ length: dim * 7 }, () => random.normal());
      const found = scalar(query, matrix, 2, 5);
      for (let row = 0; row < 5; row++) {
        const expected = query.reduce((sum, x, i) => sum + x * matrix[(row + 2) * dim + i]!, 0);
        assert.ok(Math.abs(found[row]! - expected) < 1e-12 * (1 + Math.abs(expected)) * dim);
      }
    }
  });
});
