import type { Random } from '../random.ts';
import type { Vector } from '../vectors.ts';
import { choleskyInPlace, solveLowerInPlace, solveLowerTransposedInPlace } from './cholesky.ts';
import type { Statistics } from './statistics.ts';

/** The prior of the weights, before any data: they are normal and independent. */
export interface Prior {
  /** λ₀ > 0: the variance of each weight is 1/λ₀. */
  readonly precision: number;
  /** Another λ₀ > 0 for a column, by its name; by default `precision`. */
  readonly precisionOf?: ((column: string) => number) | undefined;
  /** Mean of the weight of a column, by the name of the column. */
  readonly meanOf: (column: string) => number;
}

/** Normal distribution of the weights w. A column without data has its prior, whether it is listed or not. */
export interface Posterior {
  /** Index of each column in the arrays below. */
  readonly columns: ReadonlyMap<string, number>;
  readonly mean: Float64Array;
  /** Lower triangular L with L·Lᵀ = Λ, the inverse of the covariance; d × d, row-major. */
  readonly choleskyOfPrecision: Float64Array;
  readonly prior: Prior;
}

/**
 * Bayesian linear regression with known noise (Bishop 2006, §3.3): Λ = λ₀·I + Σ x·xᵀ/σ², mean = Λ⁻¹(λ₀·μ₀ + Σ
 * r·x/σ²). Throws RangeError if λ₀ or σ² is not positive, a mean of the prior is not finite, or a sum is not.
 * @param options `noiseVariance` is σ² > 0, the variance of a reward around xᵀw
 */
export function posterior(
  { columns, precision, moment }: Statistics,
  { prior, noiseVariance }: { readonly prior: Prior; readonly noiseVariance: number },
): Posterior {
  if (!(prior.precision > 0) || !(noiseVariance > 0)) {
    throw new RangeError(
      `Prior precision ${prior.precision} and noise variance ${noiseVariance} must be positive`,
    );
  }
  const d = columns.size;
  const cholesky = precision.map((sum) => sum / noiseVariance);
  const mean = moment.map((sum) => sum / noiseVariance);
  for (const [name, i] of columns) {
    const precision = precisionOf(prior, name);
    cholesky[i * d + i]! += precision;
    mean[i]! += precision * finiteMean(prior, name);
  }
  factorise(cholesky, d);
  solveLowerInPlace(cholesky, mean);
  solveLowerTransposedInPlace(cholesky, mean);
  return { columns: new Map(columns), mean, choleskyOfPrecision: cholesky, prior };
}

/** First and largest part by which the diagonal is enlarged where rounding has left a matrix that is not positive definite. */
const [FIRST_RIDGE, LARGEST_RIDGE] = [1e-14, 1];

function factorise(matrix: Float64Array, d: number): void {
  const given = matrix.slice();
  for (let ridge = FIRST_RIDGE; ; ridge *= 10) {
    try {
      choleskyInPlace(matrix, d);
      return;
    } catch (error) {
      if (ridge > LARGEST_RIDGE) throw error;
      matrix.set(given);
      for (let i = 0; i < d; i++) matrix[i * d + i]! *= 1 + ridge;
    }
  }
}

function precisionOf(prior: Prior, column: string): number {
  const precision = prior.precisionOf?.(column) ?? prior.precision;
  if (precision > 0) return precision;
  throw new RangeError(`The prior precision of ${column} is ${precision}`);
}

function finiteMean(prior: Prior, column: string): number {
  const mean = prior.meanOf(column);
  if (!Number.isFinite(mean)) throw new RangeError(`The prior mean of ${column} is ${mean}`);
  return mean;
}

/**
 * Returns the same distribution with all the given columns listed. Missing columns are appended with their prior,
 * which is independent of the others, so that no new factorisation is needed.
 */
export function withColumns(known: Posterior, names: readonly string[]): Posterior {
  const columns = new Map(known.columns);
  for (const name of names) if (!columns.has(name)) columns.set(name, columns.size);
  const before = known.mean.length;
  const after = columns.size;
  if (after === before) return known;
  const mean = new Float64Array(after);
  const cholesky = new Float64Array(after * after);
  mean.set(known.mean);
  for (let i = 0; i < before; i++) {
    cholesky.set(known.choleskyOfPrecision.subarray(i * before, (i + 1) * before), i * after);
  }
  const { prior } = known;
  for (const [name, i] of columns) {
    if (i < before) continue;
    mean[i] = finiteMean(prior, name);
    cholesky[i * after + i] = Math.sqrt(precisionOf(prior, name));
  }
  return { columns, mean, choleskyOfPrecision: cholesky, prior };
}

/**
 * Returns the distribution of the columns that are kept, whatever the others are: their part of mean and covariance. Columns
 * that are left out have their prior afterwards, if they are named. With nothing to leave out it is the same object.
 */
export function marginal(known: Posterior, isKept: (column: string) => boolean): Posterior {
  const kept = [...known.columns].filter(([name]) => isKept(name));
  const d = known.mean.length;
  if (kept.length === d) return known;
  const n = kept.length;
  const covariance = new Float64Array(n * n);
  const unit = new Float64Array(d);
  for (const [row, [, place]] of kept.entries()) {
    unit.fill(0);
    unit[place] = 1;
    solveLowerInPlace(known.choleskyOfPrecision, unit);
    solveLowerTransposedInPlace(known.choleskyOfPrecision, unit);
    for (const [column, [, other]] of kept.entries()) covariance[row * n + column] = unit[other]!;
  }
  return {
    columns: new Map(kept.map(([name], index) => [name, index])),
    mean: Float64Array.from(kept, ([, place]) => known.mean[place]!),
    choleskyOfPrecision: choleskyOfInverse(covariance, n),
    prior: known.prior,
  };
}

/** @returns the Cholesky factor of the inverse of a symmetric matrix, which is changed */
function choleskyOfInverse(matrix: Float64Array, d: number): Float64Array {
  factorise(matrix, d);
  const inverse = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    const column = inverse.subarray(i * d, (i + 1) * d);
    column[i] = 1;
    solveLowerInPlace(matrix, column);
    solveLowerTransposedInPlace(matrix, column);
  }
  factorise(inverse, d);
  return inverse;
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

/** Variance of xᵀw under the posterior, xᵀΛ⁻¹x = ‖L⁻¹x‖², the noise of a reward not included; x by its columns. */
export function varianceOfScore({ choleskyOfPrecision }: Posterior, x: Vector): number {
  const solved = Float64Array.from(x);
  solveLowerInPlace(choleskyOfPrecision, solved);
  return solved.reduce((sum, value) => sum + value * value, 0);
}
