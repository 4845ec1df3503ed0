import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { adjustedRandIndex } from '#algorithms/evaluation/rand-index.ts';
import { scatteredPoints } from '#algorithms/pinnersage/points.testing.ts';
import type { WeightedPoints } from '#algorithms/pinnersage/points.ts';
import { createRandom } from '#algorithms/random.ts';
import { row, squaredDistance } from '#algorithms/vectors.ts';
import { completeLinkage, createCompleteLinkageWorkspace, kMeans } from './partitions.ts';

/** Complete linkage by the definition, O(n⁴). */
function naiveCompleteLinkage({ points, dim }: WeightedPoints, clusters: number): number[] {
  let groups = Array.from({ length: points.length / dim }, (_, i) => [i]);
  const farthest = (a: number[], b: number[]) =>
    Math.max(...a.flatMap((i) => b.map((j) => squaredDistance(row(points, i, dim), row(points, j, dim)))));
  while (groups.length > clusters) {
    const pairs = groups.flatMap((a, i) => groups.slice(0, i).map((b) => ({ a, b, d: farthest(a, b) })));
    const { a, b } = pairs.reduce((best, pair) => (pair.d < best.d ? pair : best));
    groups = [...groups.filter((group) => group !== a && group !== b), [...a, ...b]];
  }
  const labels: number[] = [];
  for (const [label, members] of groups.entries()) for (const member of members) labels[member] = label;
  return labels;
}

test('complete linkage is that of the definition, for every number of clusters', () => {
  const workspace = createCompleteLinkageWorkspace();
  fc.assert(
    fc.property(scatteredPoints(1, 9), fc.integer({ min: 1, max: 9 }), (input, wanted) => {
      const clusters = Math.min(wanted, input.points.length / input.dim);
      const labels = completeLinkage(input, clusters, workspace);
      assert.equal(new Set(labels).size, clusters);
      assert.equal(adjustedRandIndex(labels, naiveCompleteLinkage(input, clusters)), 1);
    }),
  );
});

test('k-means ends with every point in the cluster with the nearest mean', () => {
  fc.assert(
    fc.property(scatteredPoints(1, 14), fc.integer({ min: 1, max: 5 }), fc.nat(), (input, k, seed) => {
      const { points, weights, dim } = input;
      const labels = kMeans(input, k, createRandom(seed));
      const means = new Map<number, Float64Array>();
      for (const label of new Set(labels)) {
        const mean = new Float64Array(dim);
        let total = 0;
        labels.forEach((each, i) => {
          if (each !== label) return;
          total += weights[i]!;
          for (let d = 0; d < dim; d++) mean[d]! += weights[i]! * points[i * dim + d]!;
        });
        means.set(
          label,
          mean.map((sum) => sum / total),
        );
      }
      labels.forEach((label, i) => {
        const own = squaredDistance(row(points, i, dim), means.get(label)!);
        for (const mean of means.values())
          assert.ok(own <= squaredDistance(row(points, i, dim), mean) + 1e-9);
      });
    }),
  );
});

test('k-means finds groups that are far apart, and no more clusters than there are distinct points', () => {
  const points = Float32Array.of(0, 1, 100, 101, 200, 201);
  const labels = kMeans({ points, weights: [1, 1, 1, 1, 1, 1], dim: 1 }, 3, createRandom(1));
  assert.equal(adjustedRandIndex(labels, [0, 0, 1, 1, 2, 2]), 1);
  const equal = kMeans({ points: Float32Array.of(7, 7, 7), weights: [1, 1, 1], dim: 1 }, 3, createRandom(1));
  assert.deepEqual([...equal], [0, 0, 0]);
});
