import fc from 'fast-check';
import { createRandom } from '../random.ts';
import type { WeightedPoints } from './points.ts';

/** Points on a grid, so that equal points and equal distances are common and sums are exact. */
export function gridPoints(minimum = 1, maximum = 14): fc.Arbitrary<WeightedPoints> {
  return fc.integer({ min: 1, max: 4 }).chain((dim) => {
    const point = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: dim, maxLength: dim });
    const weighted = fc.tuple(point, fc.integer({ min: 1, max: 5 }));
    return fc.array(weighted, { minLength: minimum, maxLength: maximum }).map((entries) => ({
      points: Float32Array.from(entries.flatMap(([coordinates]) => coordinates)),
      weights: entries.map(([, weight]) => weight),
      dim,
    }));
  });
}

/** Normal points of weight 1..5 in general position: no two distances are equal, also after shrinking. */
export function scatteredPoints(minimum = 1, maximum = 14): fc.Arbitrary<WeightedPoints> {
  return fc
    .record({
      count: fc.integer({ min: minimum, max: maximum }),
      dim: fc.integer({ min: 2, max: 5 }),
      seed: fc.nat(),
    })
    .map(({ count, dim, seed }) => {
      const random = createRandom(seed);
      return {
        points: Float32Array.from({ length: count * dim }, () => random.normal()),
        weights: Array.from({ length: count }, () => 1 + random.integer(5)),
        dim,
      };
    });
}
