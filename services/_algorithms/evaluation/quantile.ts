/**
 * The q-quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7, the default of numpy
 * and R). `values` is not modified. Throws RangeError if it is empty or contains NaN, and for a `q` outside [0, 1].
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  if (values.length === 0) throw new RangeError('No values have no quantile');
  if (!(q >= 0 && q <= 1)) throw new RangeError(`Not in [0, 1]: ${q}`);
  const sorted = Float64Array.from(values).sort();
  // Typed arrays sort NaN to the end.
  if (Number.isNaN(sorted.at(-1))) throw new RangeError('NaN has no rank');
  const position = q * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below === above ? below : below + (position - Math.floor(position)) * (above - below);
}
