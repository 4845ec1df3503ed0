/** Standard deviation of the logarithm of the time between two purchases: most fall between half and twice the usual time. */
const SPREAD = 0.7;
/** Intervals of all users that stand against those of one user. */
const PRIOR_INTERVALS = 2;
/** Shorter times are those of one visit. */
const LEAST_DAYS = 1 / 24;

/** What is known of the times between purchases of an item. */
export interface PurchaseTimes {
  /** Intervals of the user, and their mean in days. */
  readonly own: { readonly count: number; readonly days: number };
  /** The usual time of all users, in days; undefined where too few bought the item again. */
  readonly usualDays: number | undefined;
}

/** The expected time between two purchases in days: the geometric mean of the user's and, as two intervals, of the usual one. */
export function expectedInterval({ own, usualDays }: PurchaseTimes): number {
  const logarithm = Math.log(Math.max(LEAST_DAYS, own.days));
  if (usualDays === undefined) return Math.exp(logarithm);
  const prior = Math.log(Math.max(LEAST_DAYS, usualDays));
  return Math.exp((own.count * logarithm + PRIOR_INTERVALS * prior) / (own.count + PRIOR_INTERVALS));
}

/**
 * The logarithm of the density of the next purchase now, a day, where the time between two purchases is log-normal with its median at
 * `intervalDays`: items that are bought often and are due come first, and those that were left for long fall behind.
 * @param sinceDays time since the last purchase
 */
export function nextPurchaseDensity(sinceDays: number, intervalDays: number): number {
  const since = Math.max(LEAST_DAYS, sinceDays);
  const deviation = Math.log(since / Math.max(LEAST_DAYS, intervalDays)) / SPREAD;
  return -Math.log(since) - (deviation * deviation) / 2;
}
