import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import {
  createPoolingKernel,
  createScalarPooling,
  createSimdPooling,
  type WeightedNeighbours,
} from './pooling-kernel.ts';
import { POOLING_KERNEL_SOURCE_SHA256 } from './pooling-kernel.wasm.ts';

const simd = createSimdPooling();
const scalar = createScalarPooling();

function randomFloats(length: number, label: string): Float32Array {
  const random = createRandom(label);
  return Float32Array.from({ length }, () => random.normal());
}

/** A third of the entries are no neighbours. */
function randomNeighbours(count: number, size: number, rowCount: number, label: string): WeightedNeighbours {
  const random = createRandom(label);
  return {
    count,
    neighbours: Int32Array.from({ length: count * size }, () => random.integer(rowCount)),
    weights: Float32Array.from({ length: count * size }, () => (random.next() < 0.3 ? 0 : random.next())),
  };
}

const shape = fc.record({
  count: fc.integer({ min: 0, max: 20 }),
  size: fc.integer({ min: 1, max: 6 }),
  rowCount: fc.integer({ min: 1, max: 30 }),
  blocks: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(),
});

describe('the pooling kernel', () => {
  it('the assembled kernel is that of the source beside it', () => {
    const source = readFileSync(new URL('./pooling-kernel.wat', import.meta.url));
    assert.equal(createHash('sha256').update(source).digest('hex'), POOLING_KERNEL_SOURCE_SHA256);
  });

  it('the kernel returns the same bits in SIMD and in TypeScript, run after run in one memory', () => {
    fc.assert(
      fc.property(shape, ({ count, size, rowCount, blocks, seed }) => {
        const width = 32 * blocks;
        const items = randomNeighbours(count, size, rowCount, `items ${seed}`);
        const rows = randomFloats(rowCount * width, `rows ${seed}`);
        const values = randomFloats(count * width, `values ${seed}`);
        assert.deepEqual(simd.pool(rows, width, items), scalar.pool(rows, width, items));
        assert.deepEqual(
          simd.spread(values, width, items, rowCount),
          scalar.spread(values, width, items, rowCount),
        );
      }),
    );
  });

  it('the kernel sums weight · row over the existing neighbours, at any width', () => {
    const items = {
      count: 2,
      neighbours: Int32Array.of(2, 0, 1, 0),
      weights: Float32Array.of(0.5, 0.25, 2, 0),
    };
    const rows = Float32Array.of(4, 8, 1, 2, 6, 0);
    assert.deepEqual(createPoolingKernel().pool(rows, 2, items), Float32Array.of(4, 2, 2, 4));
  });

  it('the kernel spreads by the transposed matrix: ⟨pool(x), y⟩ = ⟨x, spread(y)⟩', () => {
    fc.assert(
      fc.property(shape, ({ count, size, rowCount, blocks, seed }) => {
        const width = blocks % 2 === 0 ? 32 : 3;
        const items = randomNeighbours(count, size, rowCount, `items ${seed}`);
        const rows = randomFloats(rowCount * width, `rows ${seed}`);
        const values = randomFloats(count * width, `values ${seed}`);
        const kernel = createPoolingKernel();
        const pooled = kernel.pool(rows, width, items);
        const spread = kernel.spread(values, width, items, rowCount);
        const inner = (a: Float32Array, b: Float32Array) =>
          a.reduce((sum, value, i) => sum + value * b[i]!, 0);
        assert.ok(Math.abs(inner(pooled, values) - inner(rows, spread)) < 1e-3);
      }),
    );
  });
});
