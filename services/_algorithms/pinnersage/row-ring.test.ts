import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { dot, row, squaredDistance, type Vector } from '../vectors.ts';
import { CentroidClusters, CentroidSpace, type ForestLeaves } from './incremental-centroids.ts';
import { scatteredPoints } from './points.testing.ts';
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

/**
 * Asserts that bounds on the distances from `query` to `leaves` are not too high, and close if float32 can represent
 * them.
 */
function assertBounds(ring: RowRing, query: Float64Array, { vectors }: ForestLeaves): void {
  const bounds = new Float64Array(vectors.length).fill(Number.NaN);
  ring.arrays.weights.fill(1, 0, vectors.length);
  ring.arrays.spreads.fill(0, 0, vectors.length);
  const least = ring.boundDistances(query, 1, 0, bounds);
  assert.equal(least, Math.min(...bounds));
  vectors.forEach((vector, i) => {
    const exact = squaredDistance(query, vector);
    const [bound, slack] = [bounds[i]!, 1e-5 * (exact + dot(query, query)) + 1e-30];
    assert.ok(bound >= 0 && bound <= exact, `${bound} exceeds the distance ${exact}`);
    assert.ok(bound >= exact - slack || exact > 1e36, `${bound} is far from ${exact}`);
  });
}

test('the assembled kernel is that of the source beside it, and this engine runs it', () => {
  const source = readFileSync(new URL('./row-kernel.wat', import.meta.url));
  assert.equal(createHash('sha256').update(source).digest('hex'), ROW_KERNEL_SOURCE_SHA256);
  assert.equal(createRowKernel().reserve(1).byteLength, 65_536);
});

for (const [name, kernel] of Object.entries(kernels)) {
  test(`bounds from the ${name} kernel are below the distances, and close to them, at any scale`, () => {
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
        ring.place(leaves);
        assertBounds(ring, Float64Array.from(vectors[0]!), leaves);
        assertBounds(ring, Float64Array.from(leaves.vectors[0]!), leaves);
      }),
    );
  });
}

test('bounds on the distances to clusters match the definition, and are close to it, after any merges', () => {
  const inputs = fc.record({
    leaves: scatteredPoints(2, 24).map(({ points, weights, dim }) => ({
      vectors: Array.from(weights, (_, i) => row(points, i, dim)),
      weights: Array.from(weights),
    })),
    picks: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }),
    own: fc.nat(),
    kernel: fc.constantFrom(...Object.values(kernels)),
  });
  fc.assert(
    fc.property(inputs, ({ leaves, picks, own, kernel }) => {
      const ring = new RowRing(0, kernel);
      ring.place(leaves);
      const clusters = new CentroidClusters(leaves, new CentroidSpace(), ring.arrays);
      let living = [...leaves.vectors.keys()];
      for (const [x, y] of picks) {
        const [a, b] = [living[x % living.length]!, living[y % living.length]!];
        if (a === b) continue;
        clusters.join(Math.min(a, b), Math.max(a, b), clusters.distance(a, b, Infinity));
        living = living.filter((slot) => slot !== Math.max(a, b));
      }
      const slot = living[own % living.length]!;
      const bounds = new Float64Array(leaves.vectors.length);
      const least = clusters.boundDistances(slot, ring, bounds);
      assert.equal(least, Math.min(...bounds));
      bounds.forEach((bound, other) => {
        const isOther = other !== slot && living.includes(other);
        const exact = isOther ? clusters.distance(slot, other, Infinity) : Infinity;
        if (!isOther) assert.equal(bound, Infinity);
        else assert.ok(bound <= exact && bound >= exact - 1e-3 * (1 + exact), `${bound} beside ${exact}`);
      });
    }),
  );
});

test('distances are those of the vectors, whichever users alternate and however the ring wraps and grows', () => {
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
        ring.place(leaves);
        if (leaves.vectors.length > 0) assertBounds(ring, Float64Array.of(1, 0, -1, 0.5, 0), leaves);
        held[user] = leaves;
      });
    }),
    { numRuns: 50 },
  );
});
