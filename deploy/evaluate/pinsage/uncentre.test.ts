import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { centreAndNormalise, normaliseInPlace, row } from '#algorithms/vectors.ts';
import { uncentre } from './uncentre.ts';

test('vectors of length 1 are recovered after centring', () => {
  const random = createRandom('uncentre');
  const vectors = Float32Array.from({ length: 50 * 4 }, (_, i) => random.normal() + (i % 4 === 0 ? 2 : 0));
  for (let item = 0; item < 50; item++) normaliseInPlace(row(vectors, item, 4));
  const centred = Float32Array.from(vectors);
  const mean = Float32Array.from(centreAndNormalise(centred, 4));
  uncentre(centred, mean).forEach((value, i) => {
    assert.ok(Math.abs(value - vectors[i]!) < 1e-5);
  });
});
