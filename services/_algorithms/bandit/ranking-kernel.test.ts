import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { createSimdRanking, rankRowsOneByOne } from './ranking-kernel.ts';
import { RANKING_KERNEL_SOURCE_SHA256 } from './ranking-kernel.wasm.ts';

const simd = createSimdRanking();

describe('the ranking kernel', () => {
  it('the assembled ranking kernel is that of the source beside it', () => {
    const source = readFileSync(new URL('./ranking-kernel.wat', import.meta.url));
    assert.equal(createHash('sha256').update(source).digest('hex'), RANKING_KERNEL_SOURCE_SHA256);
  });

  it('the ranking kernel returns the same bits in SIMD and in TypeScript, ties included, run after run in one memory', () => {
    const shape = fc.record({
      rows: fc.integer({ min: 0, max: 60 }),
      columns: fc.integer({ min: 1, max: 20 }),
      lists: fc.integer({ min: 1, max: 40 }),
      size: fc.integer({ min: 0, max: 12 }),
      isCoarse: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ rows, columns, lists, size, isCoarse, seed }) => {
        const random = createRandom(seed);
        // Coarse numbers have many ties, zeros of both signs among them.
        const number = () => (isCoarse ? random.integer(3) - 1 : random.normal());
        const task = {
          values: Float64Array.from({ length: rows * columns }, number),
          columns,
          weights: Float64Array.from({ length: lists * columns }, () => -number()),
          lists,
          size: Math.min(size, rows),
        };
        assert.deepEqual(simd(task), rankRowsOneByOne(task));
      }),
    );
  });

  it('the ranking kernel ranks pools that are larger than its memory was', () => {
    const random = createRandom('large');
    const task = {
      values: Float64Array.from({ length: 20_000 * 9 }, () => random.normal()),
      columns: 9,
      weights: Float64Array.from({ length: 64 * 9 }, () => random.normal()),
      lists: 64,
      size: 50,
    };
    assert.deepEqual(simd(task), rankRowsOneByOne(task));
  });
});
