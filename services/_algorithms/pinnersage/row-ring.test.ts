import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { dot, squaredDistance, type Vector } from '../vectors.ts';
import type { ForestLeaves } from './incremental-centroids.ts';
import { createRowKernel, createScalarRowKernel, createSimdRowKernel } from './row-kernel.ts';
import { ROW_KERNEL_SOURCE_SHA256 } from './row-kernel.wasm.ts';
import { RowRing } from './row-ring.ts';

const kernels = { SIMD: createSimdRowKernel(), scalar: createScalarRowKernel() };
const NOBODY: ForestLeaves = { vectors: [], weights: [] };

function leavesOf(vectors: readonly Vector[]): ForestLeaves {
  return { vectors, weights: vectors.map(() => 1) };
}

/** `count` normal vectors of `dim` numbers, times `scale`. */
function normalVectors(count: number, dim: number, scale: number, seed: number): Float32Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: dim }, () => scale * random.normal()),
  );
}

/** That bounds on the distances from `query` to `leaves` are none too high, and near wherever float32 can hold them. */
function assertBounds(ring: RowRing, query: Float64Array, { vectors }: ForestLeaves): void {
  const bounds = new Float64Array(vectors.length).fill(Number.NaN);
  ring.boundDistances(query, bounds);
  vectors.forEach((vector, i) => {
    const exact = squaredDistance(query, vector);
    const [bound, slack] = [bounds[i]!, 1e-5 * (exact + dot(query, query)) + 1e-30];
    assert.ok(bound >= 0 && bound <= exact, `${bound} is no bound on ${exact}`);
    assert.ok(bound >= exact - slack || exact > 1e36, `${bound} is far from ${exact}`);
  });
}

test('the assembled kernel is that of the source beside it, and this engine runs it', () => {
  const source = readFileSync(new URL('./row-kernel.wat', import.meta.url));
  assert.equal(createHash('sha256').update(source).digest('hex'), ROW_KERNEL_SOURCE_SHA256);
  assert.equal(createRowKernel().reserve(1).byteLength, 65_536);
});

for (const [name, kernel] of Object.entries(kernels)) {
  test(`bounds from the ${name} kernel are below the distances, and near, at any scale`, () => {
    const inputs = fc.record({
      count: fc.integer({ min: 1, max: 20 }),
      dim: fc.integer({ min: 1, max: 40 }),
      exponent: fc.integer({ min: -40, max: 37 }),
      seed: fc.nat(),
    });
    const ring = new RowRing(0, kernel);
    fc.assert(
      fc.property(inputs, ({ count, dim, exponent, seed }) => {
        const vectors = normalVectors(count + 1, dim, 10 ** exponent, seed);
        const leaves = leavesOf(vectors.slice(1));
        ring.place(leaves, NOBODY, new Int32Array(0));
        assertBounds(ring, Float64Array.from(vectors[0]!), leaves);
        assertBounds(ring, Float64Array.from(leaves.vectors[0]!), leaves);
      }),
    );
  });
}

test('whoever takes turns, however the ring turns and grows, distances are those of the vectors', () => {
  const turns = fc.array(
    fc.record({ user: fc.nat(3), kept: fc.infiniteStream(fc.boolean()), came: fc.nat(9) }),
    {
      minLength: 20,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(turns, fc.nat(), (given, seed) => {
      const ring = new RowRing(0, kernels.SIMD);
      const held = Array.from({ length: 4 }, () => NOBODY);
      given.forEach(({ user, kept, came }, turn) => {
        const before = held[user]!;
        const staying = before.vectors.map(() => kept.next().value === true);
        const old = before.vectors.filter((_, leaf) => staying[leaf]);
        const leaves = leavesOf([...old, ...normalVectors(came, 5, 1, seed + turn)]);
        let next = 0;
        ring.place(
          leaves,
          before,
          Int32Array.from(staying, (stays) => (stays ? next++ : -1)),
        );
        assertBounds(ring, Float64Array.of(1, 0, -1, 0.5, 0), leaves);
        held[user] = leaves;
      });
    }),
    { numRuns: 50 },
  );
});
