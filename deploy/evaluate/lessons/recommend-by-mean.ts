import { TopK } from '#algorithms/top-k.ts';
import { recentTakersByItem } from '../pinsage/popularity.ts';
import type { Recommendations } from '../pinsage/scores.ts';
import type { TemporalSplit } from '../pinsage/split.ts';

const LIST = 20;
const HALF_LIFE_DAYS = 60;
const EXPONENT = 0.85;

/**
 * For each test user the items of the highest cosine to the mean of all items that the user took, times recent takers to a power, as
 * the proposers of spaces rank them.
 * @param vectors itemCount × dim, rows of length 1
 */
export function recommendByMean(split: TemporalSplit, vectors: Float32Array, dim: number): Recommendations {
  const prior = recentTakersByItem(split, HALF_LIFE_DAYS).map((takers) => Math.max(1e-3, takers) ** EXPONENT);
  const recommended = new Map<number, number[]>();
  const query = new Float64Array(dim);
  for (const user of split.relevant.keys()) {
    const seen = split.seen.get(user)!;
    query.fill(0);
    for (const item of seen) for (let i = 0; i < dim; i++) query[i]! += vectors[item * dim + i]!;
    const top = new TopK(LIST);
    for (let item = 0; item < prior.length; item++) {
      if (seen.has(item)) continue;
      let product = 0;
      for (let i = 0, at = item * dim; i < dim; i++, at++) product += query[i]! * vectors[at]!;
      if (product > 0) top.offer(item, product * prior[item]!);
    }
    const items = new Int32Array(top.size);
    top.drainInto(items, new Float64Array(top.size));
    recommended.set(user, [...items]);
  }
  return recommended;
}
