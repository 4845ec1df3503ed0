/** Largest deviation of RᵀR from the identity that counts as orthogonal. */
const TOLERANCE = 1e-9;
const MOST_ITERATIONS = 100;
/** Share of the identity that determines directions which the points do not span: they are then left unchanged. */
const SETTLING = 1e-4;

/**
 * The rotation or reflection R, dim × dim, row-major, that brings the points of `from` nearest to those of `to`:
 * argmin ‖from·R − to‖ over orthogonal R (orthogonal Procrustes, Schönemann 1966). Both are k × dim, and row i of
 * both is the same point. R is the orthogonal polar factor of fromᵀ·to, computed by Newton–Schulz iteration (Higham
 * 2008, §8.3). Throws RangeError if lengths differ or are not whole rows.
 */
export function procrustesRotation(from: Float32Array, to: Float32Array, dim: number): Float64Array {
  if (from.length !== to.length || from.length % dim !== 0) {
    throw new RangeError(`${from.length} and ${to.length} numbers are not the same number of rows of ${dim}`);
  }
  let rotation = correlation(from, to, dim);
  // The iteration converges from singular values in (0, √3), and the Frobenius norm is above the largest of them.
  const scale = Math.hypot(...rotation) || 1;
  rotation = rotation.map((value, i) => value / scale + (i % (dim + 1) === 0 ? SETTLING : 0));
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const gram = multiply(transpose(rotation, dim), rotation, dim);
    const deviation = gram.reduce((most, value, i) => Math.max(most, Math.abs(value - identity(i, dim))), 0);
    if (deviation < TOLERANCE) break;
    const factor = gram.map((value, i) => 1.5 * identity(i, dim) - 0.5 * value);
    rotation = multiply(rotation, factor, dim);
  }
  return rotation;
}

/** Rows of `dim` numbers times a dim × dim matrix. */
export function rotateRows(rows: Float32Array, rotation: Float64Array, dim: number): Float32Array {
  const rotated = new Float32Array(rows.length);
  const sum = new Float64Array(dim);
  for (let start = 0; start < rows.length; start += dim) {
    sum.fill(0);
    for (let i = 0; i < dim; i++) {
      const value = rows[start + i]!;
      if (value === 0) continue;
      for (let j = 0; j < dim; j++) sum[j]! += value * rotation[i * dim + j]!;
    }
    rotated.set(sum, start);
  }
  return rotated;
}

/** fromᵀ·to. */
function correlation(from: Float32Array, to: Float32Array, dim: number): Float64Array {
  const sums = new Float64Array(dim * dim);
  for (let start = 0; start < from.length; start += dim) {
    for (let i = 0; i < dim; i++) {
      const value = from[start + i]!;
      for (let j = 0; j < dim; j++) sums[i * dim + j]! += value * to[start + j]!;
    }
  }
  return sums;
}

function multiply(a: Float64Array, b: Float64Array, dim: number): Float64Array {
  const product = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < dim; k++) {
      const value = a[i * dim + k]!;
      for (let j = 0; j < dim; j++) product[i * dim + j]! += value * b[k * dim + j]!;
    }
  }
  return product;
}

function transpose(matrix: Float64Array, dim: number): Float64Array {
  return matrix.map((_, i) => matrix[(i % dim) * dim + Math.floor(i / dim)]!);
}

function identity(position: number, dim: number): number {
  return position % (dim + 1) === 0 ? 1 : 0;
}
