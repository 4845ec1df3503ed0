import type { WeightedPoints } from './points.ts';

/**
 * Relative tolerance below which costs count as equal: both ends of a pair have equal costs, but rounding may
 * separate them.
 */
const TIE = 1e-9;

/**
 * The member m with the smallest Σ_j w_j·‖P_m − P_j‖² over the members (PinnerSage, KDD 2020, cluster
 * representation); ties go to the smaller index. Since that sum is W·‖P_m − c‖² plus a constant, with c the weighted
 * centroid, the cost is O(members · dim). `members` are row indices of `points`. Throws RangeError if there are none.
 */
export function medoid({ points, weights, dim }: WeightedPoints, members: ArrayLike<number>): number {
  if (members.length === 0) throw new RangeError('An empty cluster has no medoid');
  if (members.length === 1) return members[0]!;
  if (members.length === 2 && weights[members[0]!] === weights[members[1]!])
    return Math.min(members[0]!, members[1]!);
  const centroid = new Float64Array(dim);
  let total = 0;
  for (let i = 0; i < members.length; i++) {
    const member = members[i]!;
    const weight = weights[member]!;
    total += weight;
    for (let d = 0; d < dim; d++) centroid[d]! += weight * points[member * dim + d]!;
  }
  for (let d = 0; d < dim; d++) centroid[d]! /= total;

  const costs = new Float64Array(members.length);
  let least = Infinity;
  for (let i = 0; i < members.length; i++) {
    const row = members[i]! * dim;
    let sum = 0;
    for (let d = 0; d < dim; d++) {
      const difference = points[row + d]! - centroid[d]!;
      sum += difference * difference;
    }
    costs[i] = sum;
    if (sum < least) least = sum;
  }
  const bound = least * (1 + TIE);
  let best = Infinity;
  for (let i = 0; i < members.length; i++) if (costs[i]! <= bound && members[i]! < best) best = members[i]!;
  return best;
}
