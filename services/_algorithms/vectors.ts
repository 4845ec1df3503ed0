/** A dense vector, or a matrix stored row after row. */
export type Vector = Float32Array | Float64Array;

/** Σ aᵢbᵢ over the length of `a`; `b` must have the same length. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** ‖a − b‖² over the length of `a`; `b` must have the same length. */
export function squaredDistance(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return sum;
}

/** Euclidean length. */
export function norm(vector: Vector): number {
  return Math.sqrt(dot(vector, vector));
}

/** Scales to length 1. A zero or non-finite vector is left unchanged, and the result is false. */
export function normaliseInPlace(vector: Vector): boolean {
  const length = norm(vector);
  if (length === 0 || !Number.isFinite(length)) return false;
  for (let i = 0; i < vector.length; i++) vector[i]! /= length;
  return true;
}

export function isFiniteVector(vector: Vector): boolean {
  for (let i = 0; i < vector.length; i++) if (!Number.isFinite(vector[i]!)) return false;
  return true;
}

/** A view, not a copy, of one row of a row-major matrix. */
export function row<V extends Vector>(matrix: V, index: number, dim: number): V {
  return matrix.subarray(index * dim, (index + 1) * dim) as V;
}

/** Number of rows. Throws RangeError if `matrix` is not whole rows of `dim` numbers. */
export function rowCount(matrix: Vector, dim: number): number {
  if (!Number.isInteger(dim) || dim < 1 || matrix.length % dim !== 0) {
    throw new RangeError(`${matrix.length} numbers are not whole rows of ${dim}`);
  }
  return matrix.length / dim;
}

/** Mean of the rows, length `dim`; zeros if there are none. */
export function meanRow(matrix: Vector, dim: number): Float64Array {
  const rows = rowCount(matrix, dim);
  const mean = new Float64Array(dim);
  for (let i = 0; i < matrix.length; i++) mean[i % dim]! += matrix[i]!;
  if (rows > 0) for (let i = 0; i < dim; i++) mean[i]! /= rows;
  return mean;
}

/** Subtracts `mean` from every row; a single vector is a matrix of one row. */
export function centreInPlace(matrix: Vector, mean: Vector): void {
  rowCount(matrix, mean.length);
  for (let i = 0; i < matrix.length; i++) matrix[i]! -= mean[i % mean.length]!;
}

/**
 * Subtracts the mean row and scales each row to length 1, in place; a row equal to the mean becomes zero. Otherwise
 * the common direction that training leaves in all rows dominates every cosine. Returns the mean, which must also be
 * subtracted from items that arrive later.
 */
export function centreAndNormalise(matrix: Vector, dim: number): Float64Array {
  const mean = meanRow(matrix, dim);
  centreInPlace(matrix, mean);
  for (let i = 0; i < matrix.length / dim; i++) normaliseInPlace(row(matrix, i, dim));
  return mean;
}
