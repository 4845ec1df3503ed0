import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { procrustesRotation, rotateRows } from './align.ts';

function randomRows(count: number, dim: number, label: string): Float32Array {
  const random = createRandom(label);
  return Float32Array.from({ length: count * dim }, () => random.normal());
}

/** A product of random plane rotations and one reflection. */
function randomRotation(dim: number, label: string): Float64Array {
  const random = createRandom(label);
  let rows: Float32Array = Float32Array.from({ length: dim * dim }, (_, i) =>
    i % (dim + 1) === 0 ? (i === 0 ? -1 : 1) : 0,
  );
  for (let turn = 0; turn < 3 * dim; turn++) {
    const [a, b, angle] = [random.integer(dim), random.integer(dim), random.next() * 7];
    if (a === b) continue;
    const plane = new Float64Array(dim * dim);
    for (let i = 0; i < dim; i++) plane[i * (dim + 1)] = 1;
    plane[a * (dim + 1)] = plane[b * (dim + 1)] = Math.cos(angle);
    plane[a * dim + b] = Math.sin(angle);
    plane[b * dim + a] = -Math.sin(angle);
    rows = rotateRows(rows, plane, dim);
  }
  return Float64Array.from(rows);
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!));
}

describe('Procrustes', () => {
  it('Procrustes undoes any rotation and reflection of enough points', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (dim, seed) => {
        const to = randomRows(4 * dim, dim, `points ${seed}`);
        const from = rotateRows(to, randomRotation(dim, `rotation ${seed}`), dim);
        const back = rotateRows(from, procrustesRotation(from, to, dim), dim);
        assert.ok(distance(back, to) < 1e-3 * Math.hypot(...to));
      }),
    );
  });

  it('the result is orthogonal, and no other rotation brings noisy points nearer', () => {
    const dim = 5;
    const [from, to] = [randomRows(30, dim, 'from'), randomRows(30, dim, 'to')];
    const rotation = procrustesRotation(from, to, dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        let product = 0;
        for (let k = 0; k < dim; k++) product += rotation[k * dim + i]! * rotation[k * dim + j]!;
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-6);
      }
    }
    const best = distance(rotateRows(from, rotation, dim), to);
    for (let other = 0; other < 200; other++) {
      const rotated = rotateRows(from, randomRotation(dim, `other ${other}`), dim);
      assert.ok(distance(rotated, to) >= best - 1e-3);
    }
  });

  it('directions that the points do not span are left unchanged', () => {
    const from = Float32Array.of(1, 2, 0, 3, -1, 0);
    const rotation = procrustesRotation(from, from, 3);
    for (const [i, value] of rotation.entries()) assert.ok(Math.abs(value - (i % 4 === 0 ? 1 : 0)) < 1e-3);
    const none = procrustesRotation(new Float32Array(), new Float32Array(), 2);
    for (const [i, value] of none.entries()) assert.ok(Math.abs(value - (i % 3 === 0 ? 1 : 0)) < 1e-6);
  });

  it('points that do not pair up are rejected', () => {
    assert.throws(() => procrustesRotation(new Float32Array(4), new Float32Array(6), 2), RangeError);
    assert.throws(() => procrustesRotation(new Float32Array(3), new Float32Array(3), 2), RangeError);
  });
});
