import { firstAbove } from '#algorithms/pinsage/cumulative.ts';
import type { Random } from '#algorithms/random.ts';

/** Items of which a softmax is taken, and how probable each one was to be among them. */
export interface SampledItems {
  /** Distinct. */
  readonly items: Int32Array;
  /** log of the probability to be drawn, of every item. */
  readonly logExpected: Float32Array;
}

/**
 * Draws distinct items ∝ (popularity + 1)^power, for the correction of a sampled softmax by the log of the probability of each item to
 * be drawn (Bengio and Senécal 2008): 1 − (1 − q)^tries for the number of draws that were needed. Of a catalogue with less than twice as
 * many items all are returned, without a correction.
 */
export function createItemSampler(popularity: ArrayLike<number>, power: number) {
  const itemCount = popularity.length;
  const cumulative = new Float64Array(itemCount);
  let total = 0;
  for (let item = 0; item < itemCount; item++) {
    total += (popularity[item]! + 1) ** power;
    cumulative[item] = total;
  }
  const shareOf = (item: number) => (popularity[item]! + 1) ** power / total;
  return (count: number, random: Random): SampledItems => {
    if (2 * count >= itemCount)
      return {
        items: Int32Array.from({ length: itemCount }, (_, i) => i),
        logExpected: new Float32Array(itemCount),
      };
    const drawn = new Set<number>();
    let tries = 0;
    for (; drawn.size < count; tries++)
      drawn.add(firstAbove(cumulative, 0, itemCount, random.next() * total));
    const logExpected = Float32Array.from({ length: itemCount }, (_, item) =>
      // −expm1(tries · log1p(−q)) is 1 − (1 − q)^tries without cancellation.
      Math.log(-Math.expm1(tries * Math.log1p(-shareOf(item)))),
    );
    return { items: Int32Array.from(drawn), logExpected };
  };
}
