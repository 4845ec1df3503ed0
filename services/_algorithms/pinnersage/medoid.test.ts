import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { row, squaredDistance } from '../vectors.ts';
import { medoid } from './medoid.ts';
import { gridPoints } from './points.testing.ts';
import type { WeightedPoints } from './points.ts';

function costFromDefinition({ points, weights, dim }: WeightedPoints, member: number): number {
  let cost = 0;
  for (let j = 0; j < weights.length; j++) {
    cost += weights[j]! * squaredDistance(row(points, member, dim), row(points, j, dim));
  }
  return cost;
}

test('the medoid is the first point with the smallest cost by the definition', () => {
  fc.assert(
    fc.property(gridPoints(), (input) => {
      const members = Array.from(input.weights, (_, i) => i);
      // Grid coordinates make the costs exact, so that equal ones are equal.
      const costs = members.map((member) => costFromDefinition(input, member));
      assert.equal(medoid(input, members), costs.indexOf(Math.min(...costs)));
    }),
  );
});

test('of two equal members the smaller index is the medoid, in any order of the members', () => {
  const pair = { points: Float32Array.of(0.1, 0.7, 0.3, 0.2), weights: [2, 2], dim: 2 };
  assert.equal(medoid(pair, [0, 1]), 0);
  assert.equal(medoid(pair, [1, 0]), 0);
});

test('a larger weight moves the medoid to its point', () => {
  const line = { points: Float32Array.of(0, 1, 2), weights: [1, 1, 9], dim: 1 };
  assert.equal(medoid(line, [0, 1, 2]), 2);
  assert.equal(medoid(line, [0, 1]), 0);
  assert.throws(() => medoid(line, []), RangeError);
});
