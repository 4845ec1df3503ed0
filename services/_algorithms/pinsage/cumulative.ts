/**
 * First position in [start, end) whose running sum exceeds `threshold`, by bisection; the last position if none does.
 * With a uniform threshold below the total this draws a position in proportion to its weight. The range must not be
 * empty.
 */
export function firstAbove(cumulative: Float64Array, start: number, end: number, threshold: number): number {
  let low = start;
  let high = end - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}
