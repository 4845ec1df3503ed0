import { rowCount, type Vector } from '../vectors.ts';

/** n points with multiplicities: a point that occurs w times has weight w. */
export interface WeightedPoints {
  /** n × dim, row-major, finite. */
  readonly points: Vector;
  /** n multiplicities, each ≥ 1. */
  readonly weights: ArrayLike<number>;
  readonly dim: number;
}

/** Number of points. Throws RangeError if shapes disagree, a weight is below 1 or a number is not finite. */
export function checkPoints({ points, weights, dim }: WeightedPoints): number {
  const count = rowCount(points, dim);
  if (weights.length !== count) throw new RangeError(`${count} points have ${weights.length} weights`);
  for (let i = 0; i < count; i++) {
    if (!(weights[i]! >= 1 && weights[i]! < Infinity))
      throw new RangeError(`Point ${i} has weight ${weights[i]}`);
  }
  for (let i = 0; i < points.length; i++) {
    if (!Number.isFinite(points[i]!)) throw new RangeError(`Point ${Math.floor(i / dim)} is not finite`);
  }
  return count;
}
