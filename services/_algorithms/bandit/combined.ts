import type { Random } from '../random.ts';
import type { FeatureTable } from './choice.ts';
import { choleskyInPlace, solveLowerInPlace, solveLowerTransposedInPlace } from './cholesky.ts';
import { type Posterior, withColumns } from './linear.ts';

/** Normal distribution of what each column of a table counts in a score, its products included. */
export interface CombinedLaw {
  readonly mean: Float64Array;
  /** Lower triangular L with L·Lᵀ the covariance; row-major. */
  readonly factor: Float64Array;
}

/** The posterior of some columns with its covariance, which is computed once. */
interface Prepared {
  readonly law: Posterior;
  readonly covariance: Float64Array;
}

const prepared = new WeakMap<Posterior, Map<string, Prepared>>();
/** Sets of columns of one posterior that are kept: as many as there are combinations of models in pools. */
const KEPT = 64;

/**
 * Returns the distribution of w + Σ factor · w′, with w the weight of a column and w′ those of its products. Drawing from it takes
 * one number a column, so that products make no draw dearer.
 */
export function combineProducts(posterior: Posterior, { columns, products = [] }: FeatureTable): CombinedLaw {
  const { law, covariance } = prepare(posterior, [...columns, ...products.map(({ name }) => name)]);
  const d = law.mean.length;
  const width = columns.length;
  const placeOf = (name: string): number => law.columns.get(name)!;
  const places = Int32Array.from(columns, placeOf);
  const mean = Float64Array.from(places, (place) => law.mean[place]!);
  // Rows of T·Σ, then the columns of T·Σ·Tᵀ.
  const rows = new Float64Array(width * d);
  for (let i = 0; i < width; i++) rows.set(covariance.subarray(places[i]! * d, (places[i]! + 1) * d), i * d);
  for (const { name, column, factor } of products) {
    const place = placeOf(name);
    mean[column]! += factor * law.mean[place]!;
    for (let k = 0; k < d; k++) rows[column * d + k]! += factor * covariance[place * d + k]!;
  }
  const combined = new Float64Array(width * width);
  for (let i = 0; i < width; i++)
    for (let j = 0; j < width; j++) combined[i * width + j] = rows[i * d + places[j]!]!;
  for (const { name, column, factor } of products) {
    const place = placeOf(name);
    for (let i = 0; i < width; i++) combined[i * width + column]! += factor * rows[i * d + place]!;
  }
  choleskyInPlace(combined, width);
  return { mean, factor: combined };
}

/** Draws whose sums are computed side by side: each waits for its last addition, and four wait together. */
const SIDE_BY_SIDE = 4;

/** Draws vectors with a number a column, row-major. */
export function drawCombined({ mean, factor }: CombinedLaw, draws: number, random: Random): Float64Array {
  const width = mean.length;
  const weights = new Float64Array(draws * width);
  const z = new Float64Array(SIDE_BY_SIDE * width);
  for (let draw = 0; draw < draws; draw += SIDE_BY_SIDE) {
    const start = draw * width;
    const left = Math.min(z.length, weights.length - start);
    for (let i = 0; i < left; i++) z[i] = random.normal();
    for (let i = 0; i < width; i++) {
      let a = mean[i]!;
      let [b, c, d] = [a, a, a];
      for (let k = 0, at = i * width; k <= i; k++, at++) {
        const by = factor[at]!;
        a += by * z[k]!;
        b += by * z[width + k]!;
        c += by * z[2 * width + k]!;
        d += by * z[3 * width + k]!;
      }
      weights[start + i] = a;
      // Behind the last draw these are written nowhere.
      if (left > width) weights[start + width + i] = b;
      if (left > 2 * width) weights[start + 2 * width + i] = c;
      if (left > 3 * width) weights[start + 3 * width + i] = d;
    }
  }
  return weights;
}

function prepare(posterior: Posterior, names: readonly string[]): Prepared {
  let known = prepared.get(posterior);
  if (known === undefined) {
    known = new Map();
    prepared.set(posterior, known);
  }
  const key = names.join(' ');
  let found = known.get(key);
  if (found === undefined) {
    const law = withColumns(posterior, names);
    found = { law, covariance: covarianceOf(law) };
    if (known.size >= KEPT) known.clear();
    known.set(key, found);
  }
  return found;
}

function covarianceOf({ mean, choleskyOfPrecision }: Posterior): Float64Array {
  const d = mean.length;
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    const row = covariance.subarray(i * d, (i + 1) * d);
    row[i] = 1;
    solveLowerInPlace(choleskyOfPrecision, row);
    solveLowerTransposedInPlace(choleskyOfPrecision, row);
  }
  return covariance;
}
