/** Two-sided bounds of a difference. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Standard normal quantile of .975. */
const Z95 = 1.959963984540054;

/** The 95 % interval for one look at a time that was fixed beforehand. */
export function fixedInterval(difference: number, variance: number): Bounds {
  const width = Z95 * Math.sqrt(variance);
  return { low: difference - width, high: difference + width };
}

/**
 * The asymptotic confidence sequence of Waudby-Smith et al. (2021, Theorem 2.2): with the given confidence the difference lies in all
 * intervals at once, so that a report may be read daily and the experiment stopped at any time.
 *
 * @param variance of the difference, estimated from the users so far
 * @param users so far
 * @param options `alpha` is 1 − confidence; `tunedFor` is the number of users at which the interval is tightest
 */
export function anytimeInterval(
  difference: number,
  variance: number,
  users: number,
  { alpha = 0.05, tunedFor = 1_000 }: { readonly alpha?: number; readonly tunedFor?: number } = {},
): Bounds {
  const rho2 = (-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / tunedFor;
  const scaled = users * rho2 + 1;
  const width = Math.sqrt(
    variance * users * ((2 * scaled) / (users * users * rho2)) * Math.log(Math.sqrt(scaled) / alpha),
  );
  return { low: difference - width, high: difference + width };
}
