import type { Vector } from '../vectors.ts';
import { observe, type Statistics } from './statistics.ts';

/** The weight of a column at the anchor; 0 for a column that it does not have. */
export type Anchor = (column: string) => number;

/** Below it an observation far from the anchor would divide by almost nothing. */
const LEAST_VARIANCE = 1e-3;

/**
 * Adds one observation of a reward in [0, 1] to the statistics of logistic regression around an anchor w₀: with p = σ(xᵀw₀) and v = p(1 − p), it
 * adds v·x·xᵀ to the precision and (v·xᵀw₀ + r − p)·x to the moment. These are sums, so that partitions add up to the last bit as in the
 * linear model, and `posterior` with a noise variance of 1 is one Newton step from the anchor (Bishop 2006, §4.3.3). All observations that
 * are added up must share their anchor: a new one begins new statistics, which the log gives again.
 *
 * A variance below .001 is replaced by it, which keeps the gradient and shortens the step. Throws RangeError, and changes nothing, for a
 * reward outside [0, 1] and for what `observe` rejects.
 */
export function observeAtAnchor(
  statistics: Statistics,
  columns: readonly string[],
  x: Vector,
  reward: number,
  anchor: Anchor,
): void {
  if (!(reward >= 0 && reward <= 1)) throw new RangeError(`reward: ${reward} is not in [0, 1]`);
  let logit = 0;
  for (let i = 0; i < x.length; i++) logit += anchor(columns[i]!) * x[i]!;
  const p = 1 / (1 + Math.exp(-logit));
  const variance = Math.max(LEAST_VARIANCE, p * (1 - p));
  const root = Math.sqrt(variance);
  const scaled = Float64Array.from(x, (value) => root * value);
  observe(statistics, columns, scaled, root * logit + (reward - p) / root);
}
