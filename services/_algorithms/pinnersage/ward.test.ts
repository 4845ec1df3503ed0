import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { row, squaredDistance } from '../vectors.ts';
import { cut, type Dendrogram } from './dendrogram.ts';
import { gridPoints, scatteredPoints } from './points.testing.ts';
import type { WeightedPoints } from './points.ts';
import { createWardWorkspace, ward } from './ward.ts';

interface Cluster {
  members: number[];
  weight: number;
  centroid: Float64Array;
}

/** Ward by the definition: merges the two clusters with the nearest centroids, O(n³). */
function naiveMerges({ points, weights, dim }: WeightedPoints): { height: number; members: number[] }[] {
  let clusters: Cluster[] = Array.from(weights, (weight, i) => ({
    members: [i],
    weight,
    centroid: Float64Array.from(row(points, i, dim)),
  }));
  const merges: { height: number; members: number[] }[] = [];
  while (clusters.length > 1) {
    let nearest: { a: Cluster; b: Cluster; d: number } | undefined;
    for (const a of clusters) {
      for (const b of clusters) {
        if (a === b) break;
        const factor = (2 * a.weight * b.weight) / (a.weight + b.weight);
        const d = factor * squaredDistance(a.centroid, b.centroid);
        if (nearest === undefined || d < nearest.d) nearest = { a, b, d };
      }
    }
    const { a, b, d } = nearest!;
    const weight = a.weight + b.weight;
    const members = [...a.members, ...b.members].sort((x, y) => x - y);
    const centroid = a.centroid.map((x, i) => (a.weight * x + b.weight * b.centroid[i]!) / weight);
    clusters = [
      ...clusters.filter((cluster) => cluster !== a && cluster !== b),
      { members, weight, centroid },
    ];
    merges.push({ height: Math.sqrt(d), members });
  }
  return merges;
}

function membersOfMerges({ leaves, left, right }: Dendrogram): number[][] {
  const members: number[][] = Array.from({ length: leaves }, (_, leaf) => [leaf]);
  for (let i = 0; i < left.length; i++) members.push([...members[left[i]!]!, ...members[right[i]!]!]);
  return members.slice(leaves).map((list) => list.sort((x, y) => x - y));
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(
      Math.abs(actual[i]! - expected[i]!) <= 1e-9 * Math.max(1, expected[i]!),
      `${actual} ≠ ${expected}`,
    );
  }
}

test('the chain makes the merges of the definition, at the same heights', () => {
  const workspace = createWardWorkspace();
  fc.assert(
    fc.property(scatteredPoints(1, 20), (input) => {
      const dendrogram = ward(input, workspace);
      const expected = naiveMerges(input);
      assertClose(
        dendrogram.height,
        expected.map(({ height }) => height),
      );
      assert.deepEqual(
        membersOfMerges(dendrogram),
        expected.map(({ members }) => members),
      );
    }),
  );
});

test('heights and merges are those of scipy 1.x, linkage(points, "ward")', () => {
  // scipy puts the smaller node first, this code the node with the smaller leaf.
  const points = Float32Array.of(0, 0.5, 1.5, 0.25, -1, 0.75, 2, 2, 1.75, 2.5, -0.5, -1.25);
  const { height, left, right } = ward({ points, weights: [1, 1, 1, 1, 1, 1], dim: 2 });
  assertClose(
    height,
    [0.5590169943749475, 1.0307764064044151, 2.1650635094610964, 2.3496453633119474, 4.765326151831933],
  );
  assert.deepEqual([...left], [3, 0, 7, 1, 8]);
  assert.deepEqual([...right], [4, 2, 5, 6, 9]);
});

test('heights equal those computed by hand', () => {
  const line = ward({ points: Float32Array.of(0, 1, 5), weights: [1, 1, 1], dim: 1 });
  assertClose(line.height, [1, Math.sqrt(27)]);
  const rectangle = ward({ points: Float32Array.of(0, 0, 3, 0, 0, 4, 3, 4), weights: [1, 1, 1, 1], dim: 2 });
  assertClose(rectangle.height, [3, 3, Math.sqrt(32)]);
  assert.deepEqual([...rectangle.weight], [2, 2, 4]);
});

test('a point of weight w stands for w equal points', () => {
  fc.assert(
    fc.property(scatteredPoints(1, 8), fc.double({ min: 0, max: 5, noNaN: true }), (input, alpha) => {
      const owners = Array.from(input.weights).flatMap((weight, i) => Array<number>(weight).fill(i));
      const repeated = {
        points: Float32Array.from(owners.flatMap((i) => [...row(input.points, i, input.dim)])),
        weights: owners.map(() => 1),
        dim: input.dim,
      };
      const labels = cut(ward(input), alpha);
      assert.deepEqual(
        [...cut(ward(repeated), alpha)],
        owners.map((i) => labels[i]!),
      );
    }),
  );
});

test('with ties, heights never decrease, all weight is kept, and equal input gives equal output', () => {
  fc.assert(
    fc.property(gridPoints(1, 20), (input) => {
      const dendrogram = ward(input);
      assert.deepEqual(ward(input), dendrogram);
      assert.equal(dendrogram.height.length, input.weights.length - 1);
      assert.deepEqual(dendrogram.height.toSorted(), dendrogram.height);
      assert.ok(dendrogram.height.every((height) => height >= 0));
      const total = Array.from(input.weights).reduce((sum, weight) => sum + weight, 0);
      if (dendrogram.leaves > 1) assert.equal(dendrogram.weight.at(-1), total);
      assert.deepEqual(new Set(cut(dendrogram, Infinity)), new Set([0]));
    }),
  );
});

test('distances that differ by rounding alone do not mislead the chain', () => {
  const corners = fc.record({
    dim: fc.integer({ min: 2, max: 12 }),
    scale: fc.double({ min: 0.1, max: 10, noNaN: true }),
  });
  fc.assert(
    fc.property(corners, ({ dim, scale }) => {
      // The corners of a regular simplex, all √2·scale apart, and their mirror images, so that most distances are
      // tied.
      const points = new Float64Array(2 * dim * dim);
      for (let i = 0; i < dim; i++) {
        points[i * dim + i] = scale;
        points[(dim + i) * dim + i] = -scale;
      }
      const dendrogram = ward({ points, weights: Array(2 * dim).fill(1), dim });
      const everyNode = [...dendrogram.left, ...dendrogram.right].sort((a, b) => a - b);
      assert.deepEqual(
        everyNode,
        Array.from({ length: 4 * dim - 2 }, (_, node) => node),
      );
      assert.deepEqual(dendrogram.height.toSorted(), dendrogram.height);
    }),
  );
});

test('ties go to the smaller index', () => {
  const { left, right } = ward({ points: Float32Array.of(0, 1, 2, 3), weights: [1, 1, 1, 1], dim: 1 });
  assert.deepEqual([...left], [0, 2, 4]);
  assert.deepEqual([...right], [1, 3, 5]);
});

test('a cut joins points at most alpha apart and numbers labels in the order of first members', () => {
  const points = Float32Array.of(10, 0, 1, 11, 30);
  const dendrogram = ward({ points, weights: [1, 1, 1, 1, 1], dim: 1 });
  assert.deepEqual([...cut(dendrogram, 0.99)], [0, 1, 2, 3, 4]);
  assert.deepEqual([...cut(dendrogram, 1)], [0, 1, 1, 0, 2]);
  assert.deepEqual([...cut(dendrogram, 1000)], [0, 0, 0, 0, 0]);
});

test('a workspace that held a larger run does not change a smaller one', () => {
  fc.assert(
    fc.property(scatteredPoints(10, 14), scatteredPoints(1, 9), (larger, smaller) => {
      const workspace = createWardWorkspace();
      ward(larger, workspace);
      assert.deepEqual(ward(smaller, workspace), ward(smaller));
    }),
  );
});

test('no points give no merges, and malformed input is rejected', () => {
  assert.equal(ward({ points: new Float32Array(0), weights: [], dim: 3 }).height.length, 0);
  assert.equal(cut(ward({ points: new Float32Array(0), weights: [], dim: 3 }), 1).length, 0);
  assert.throws(() => ward({ points: Float32Array.of(1, Number.NaN), weights: [1, 1], dim: 1 }), RangeError);
  assert.throws(() => ward({ points: Float32Array.of(1, 2), weights: [1], dim: 1 }), RangeError);
  assert.throws(() => ward({ points: Float32Array.of(1, 2), weights: [1, 0], dim: 1 }), RangeError);
  assert.throws(() => ward({ points: Float64Array.of(-1e200, 1e200), weights: [1, 1], dim: 1 }), RangeError);
});
