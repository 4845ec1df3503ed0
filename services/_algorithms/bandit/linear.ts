import type { Random } from '../random.ts';
import type { Vector } from '../vectors.ts';
import { choleskyInPlace, solveLowerInPlace, solveLowerTransposedInPlace } from './cholesky.ts';
import type { Statistics } from './statistics.ts';

export interface PosteriorOptions {
  /** λ₀ > 0: before any data the weights are normal around `priorMean` with variance 1/λ₀ each. */
  readonly priorPrecision: number;
  /** Length d; zeros where absent. */
  readonly priorMean?: Float64Array;
  /** σ² > 0, variance of a reward around xᵀw. */
  readonly noiseVariance: number;
}

/** Normal distribution of the weights w. */
export interface Posterior {
  readonly mean: Float64Array;
  /** Lower triangular L with L·Lᵀ = Λ, the inverse of the covariance; d × d, row-major. */
  readonly choleskyOfPrecision: Float64Array;
}

/**
 * Bayesian linear regression with known noise (Bishop 2006, §3.3):
 * Λ = λ₀·I + Σ x·xᵀ/σ², mean = Λ⁻¹(λ₀·μ₀ + Σ r·x/σ²).
 * Throws RangeError where λ₀ or σ² is not positive, or the prior mean has another length.
 */
export function posterior(statistics: Statistics, options: PosteriorOptions): Posterior {
  const { dimension: d, precision, moment } = statistics;
  const { priorPrecision, priorMean, noiseVariance } = options;
  if (!(priorPrecision > 0) || !(noiseVariance > 0)) {
    throw new RangeError(
      `Prior precision ${priorPrecision} and noise variance ${noiseVariance} must be positive`,
    );
  }
  if (priorMean !== undefined && priorMean.length !== d) {
    throw new RangeError(`A prior mean of ${priorMean.length} numbers where the model has ${d}`);
  }
  const cholesky = precision.map((sum) => sum / noiseVariance);
  for (let i = 0; i < d; i++) cholesky[i * d + i]! += priorPrecision;
  choleskyInPlace(cholesky, d);
  const mean = moment.map((sum, i) => sum / noiseVariance + priorPrecision * (priorMean?.[i] ?? 0));
  solveLowerInPlace(cholesky, mean);
  solveLowerTransposedInPlace(cholesky, mean);
  return { mean, choleskyOfPrecision: cholesky };
}

/** One draw from the posterior, mean + L⁻ᵀ·z with z standard normal, whose covariance is (L·Lᵀ)⁻¹ = Λ⁻¹. */
export function sampleWeights(
  { mean, choleskyOfPrecision }: Posterior,
  random: Random,
  into: Float64Array = new Float64Array(mean.length),
): Float64Array {
  for (let i = 0; i < into.length; i++) into[i] = random.normal();
  solveLowerTransposedInPlace(choleskyOfPrecision, into);
  for (let i = 0; i < into.length; i++) into[i]! += mean[i]!;
  return into;
}

/** Variance of xᵀw under the posterior, xᵀΛ⁻¹x = ‖L⁻¹x‖², the noise of a reward not included. */
export function varianceOfScore({ choleskyOfPrecision }: Posterior, x: Vector): number {
  const solved = Float64Array.from(x);
  solveLowerInPlace(choleskyOfPrecision, solved);
  return solved.reduce((sum, value) => sum + value * value, 0);
}
