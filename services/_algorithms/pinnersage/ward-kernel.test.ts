import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { gridPoints, scatteredPoints } from './points.testing.ts';
import type { WeightedPoints } from './points.ts';
import { createWardWorkspace, ward } from './ward.ts';
import { createKernel, createScalarKernel, createSimdKernel, type WardKernel } from './ward-kernel.ts';
import { WARD_KERNEL_SOURCE_SHA256 } from './ward-kernel.wasm.ts';

const kernels = { simd: createSimdKernel(), scalar: createScalarKernel() };
const ROWS = 8;

/** Runs `loop` on a copy of `values` in each kernel's block and returns the block's content afterwards. */
function inBoth<T>(values: ArrayLike<number>, loop: (kernel: WardKernel) => T) {
  const run = (kernel: WardKernel) => {
    const block = kernel.reserve(values.length);
    block.set(values);
    const answer = loop(kernel);
    return { answer, block: block.slice(0, values.length) };
  };
  return { simd: run(kernels.simd), scalar: run(kernels.scalar) };
}

const finite = fc.double({ min: 0, max: 100, noNaN: true });
/** Few distinct values, so that the smallest often occurs more than once. */
const distance = fc.oneof(fc.integer({ min: 0, max: 3 }), finite, fc.constant(Infinity));
const rowOf = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: ROWS, maxLength: ROWS });

test('the assembled kernel is that of the source beside it', () => {
  const source = readFileSync(new URL('./ward-kernel.wat', import.meta.url));
  assert.equal(createHash('sha256').update(source).digest('hex'), WARD_KERNEL_SOURCE_SHA256);
});

test('this engine runs the SIMD kernel, whose block has whole pages', () => {
  assert.equal(createKernel().reserve(1).buffer.byteLength, 65_536);
});

test('both kernels return the same bits, run after run in one block', () => {
  const workspaces = { simd: createWardWorkspace(kernels.simd), scalar: createWardWorkspace(kernels.scalar) };
  const same = (input: WeightedPoints) =>
    assert.deepEqual(ward(input, workspaces.simd), ward(input, workspaces.scalar));
  fc.assert(fc.property(scatteredPoints(1, 40), same));
  fc.assert(fc.property(gridPoints(1, 40), same));
});

test('distances match the definition, and the matrix is symmetric', () => {
  const width = 4;
  const coordinates = fc.array(fc.integer({ min: -9, max: 9 }), {
    minLength: ROWS * width,
    maxLength: ROWS * width,
  });
  fc.assert(
    fc.property(coordinates, rowOf(fc.integer({ min: 1, max: 9 })), (points, weights) => {
      const at = { weights: ROWS * width, distances: ROWS * width + ROWS };
      const values = [...points, ...weights, ...Array<number>(ROWS * ROWS).fill(-1)];
      const { simd, scalar } = inBoth(values, (kernel) =>
        kernel.fillDistances(0, at.weights, at.distances, ROWS, width),
      );
      assert.deepEqual(simd, scalar);
      const expected = weights.flatMap((a, i) =>
        weights.map((b, j) => {
          const squares = Array.from(
            { length: width },
            (_, c) => (points[i * width + c]! - points[j * width + c]!) ** 2,
          );
          return ((2 * a * b) / (a + b)) * squares.reduce((sum, square) => sum + square);
        }),
      );
      assert.deepEqual([...simd.block.subarray(at.distances)], expected);
    }),
  );
});

test('the nearest is the previous one, or the smallest index among the nearest that have not departed', () => {
  const departure = fc.constantFrom(0, Infinity);
  fc.assert(
    fc.property(
      rowOf(distance),
      rowOf(departure),
      fc.integer({ min: -1, max: ROWS - 1 }),
      (row, departed, previous) => {
        if (previous >= 0) departed[previous] = 0;
        const { simd, scalar } = inBoth([...row, ...departed], (kernel) =>
          kernel.nearest(0, ROWS, ROWS, previous),
        );
        const living = row.map((d, k) => d + departed[k]!);
        const least = Math.min(...living);
        const expected = living[previous] === least ? previous : living.indexOf(least);
        assert.equal(simd.answer, least === Infinity ? -1 : expected);
        assert.equal(scalar.answer, simd.answer);
      },
    ),
  );
});

test('a row is updated by Lance–Williams, and never below the nearer of the two', () => {
  const weight = fc.integer({ min: 1, max: 9 });
  const zeros = Array<number>(ROWS).fill(0);
  const ones = Array<number>(ROWS).fill(1);
  fc.assert(
    fc.property(
      rowOf(distance),
      rowOf(finite),
      rowOf(weight),
      weight,
      weight,
      finite,
      (kept, gone, n, i, j, between) => {
        const { simd, scalar } = inBoth([...kept, ...gone, ...n], (kernel) =>
          kernel.updateRow(0, ROWS, 2 * ROWS, ROWS, i, j, between),
        );
        assert.deepEqual(simd, scalar);
        kept.forEach((toKept, k) => {
          const sum = (i + n[k]!) * toKept + (j + n[k]!) * gone[k]! - n[k]! * between;
          assert.equal(simd.block[k], Math.max(sum / (i + j + n[k]!), Math.min(toKept, gone[k]!)));
        });
      },
    ),
    // The quotient underflows to −0 here.
    { examples: [[zeros, zeros, ones, 1, 1, Number.MIN_VALUE]] },
  );
});
