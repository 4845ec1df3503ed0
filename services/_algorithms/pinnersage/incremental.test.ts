import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { row } from '../vectors.ts';
import { cut } from './dendrogram.ts';
import { buildForest, type LeafChange, updateForest } from './incremental.ts';
import type { ForestLeaves } from './incremental-centroids.ts';
import { EMPTY_FOREST, forestLabels, type MergeForest, replayMerges } from './incremental-forest.ts';
import { ForestWorkspace } from './incremental-workspace.ts';
import { gridPoints, scatteredPoints } from './points.testing.ts';
import type { WeightedPoints } from './points.ts';
import { ward } from './ward.ts';

const alphas = fc.oneof(fc.double({ min: 0, max: 6, noNaN: true }), fc.constant(Infinity));

/** The named rows of `all`, in their order. */
function pick({ points, weights, dim }: WeightedPoints, rows: readonly number[]): ForestLeaves {
  return {
    vectors: rows.map((i) => row(points, i, dim)),
    weights: rows.map((i) => weights[i]!),
  };
}

const leavesOf = (all: WeightedPoints): ForestLeaves => pick(all, [...Array(all.weights.length).keys()]);

/** The change from the rows of `from` to those of `to`, both ascending. */
function changeOf(all: WeightedPoints, from: readonly number[], to: readonly number[]): LeafChange {
  return { leaves: pick(all, to), leafOf: Int32Array.from(from, (i) => to.indexOf(i)) };
}

function subsetsOf(count: number): fc.Arbitrary<number[][]> {
  const rows = Array.from({ length: count }, (_, i) => i);
  return fc.array(fc.subarray(rows), { minLength: 1, maxLength: 6 });
}

for (const [name, inputs] of [
  ['in general position', scatteredPoints(1, 24)],
  ['with ties and equal points', gridPoints(1, 24)],
] as const) {
  test(`after any additions and removals of leaves ${name}, the forest equals that of a full build, to the last bit`, () => {
    const histories = inputs.chain((all) =>
      fc.record({
        all: fc.constant(all),
        alpha: alphas,
        subsets: subsetsOf(all.weights.length),
      }),
    );
    const workspace = new ForestWorkspace();
    fc.assert(
      fc.property(histories, ({ all, alpha, subsets }) => {
        let forest: MergeForest = EMPTY_FOREST;
        let rows: readonly number[] = [];
        for (const next of subsets) {
          forest = updateForest(forest, changeOf(all, rows, next), alpha, workspace);
          rows = next;
          assert.deepEqual(forest, buildForest(pick(all, rows), alpha));
        }
      }),
      { numRuns: 300 },
    );
  });
}

test('a forest holds the merges of full Ward up to α, at the same heights', () => {
  fc.assert(
    fc.property(scatteredPoints(1, 24), alphas, (input, alpha) => {
      const forest = buildForest(leavesOf(input), alpha);
      const tree = ward(input);
      const made = tree.height.filter((height) => height <= alpha);
      assert.equal(forest.squaredHeight.length, made.length);
      forest.squaredHeight.forEach((squared, i) => {
        assert.ok(Math.abs(Math.sqrt(squared) - made[i]!) <= 1e-9 * Math.max(1, made[i]!));
      });
      assert.deepEqual(forest.left, tree.left.slice(0, made.length));
      assert.deepEqual(forest.right, tree.right.slice(0, made.length));
      assert.deepEqual(forestLabels(forest), cut(tree, alpha));
    }),
  );
});

test('the labels partition the leaves, numbered in the order of first members', () => {
  const line = leavesOf({ points: Float32Array.of(10, 0, 1, 11, 30), weights: [1, 1, 1, 1, 1], dim: 1 });
  assert.deepEqual([...forestLabels(buildForest(line, 0.99))], [0, 1, 2, 3, 4]);
  assert.deepEqual([...forestLabels(buildForest(line, 1))], [0, 1, 1, 0, 2]);
  assert.deepEqual([...forestLabels(buildForest(line, 1_000))], [0, 0, 0, 0, 0]);
  assert.equal(forestLabels(EMPTY_FOREST).length, 0);
});

test('replaying the merges of a forest restores it, to the last bit', () => {
  fc.assert(
    fc.property(gridPoints(1, 24), alphas, (input, alpha) => {
      const forest = buildForest(leavesOf(input), alpha);
      assert.deepEqual(replayMerges(forest.leaves, forest.left, forest.right), forest);
    }),
  );
});

test('merges of clusters that do not exist are rejected', () => {
  const leaves = leavesOf({ points: Float32Array.of(0, 1, 2), weights: [1, 1, 1], dim: 1 });
  for (const [left, right] of [
    [0, 7],
    [1, 0],
    [3, 1],
  ] as const) {
    assert.throws(() => replayMerges(leaves, Int32Array.of(left), Int32Array.of(right)), RangeError);
  }
});
