/**
 * Turns a symmetric positive definite matrix A (d × d, row-major) into its Cholesky factor, in place: A = L·Lᵀ with L
 * lower triangular; the upper half becomes zero. Throws RangeError if A is not positive definite.
 */
export function choleskyInPlace(matrix: Float64Array, d: number): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * d + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * d + k]! * matrix[j * d + k]!;
      if (i !== j) {
        matrix[i * d + j] = sum / matrix[j * d + j]!;
        continue;
      }
      if (!(sum > 0 && sum < Infinity)) throw new RangeError(`Not positive definite: pivot ${i} is ${sum}`);
      matrix[i * d + i] = Math.sqrt(sum);
    }
    matrix.fill(0, i * d + i + 1, (i + 1) * d);
  }
}

/** Solves L·y = b; `vector` holds b and then y. */
export function solveLowerInPlace(lower: Float64Array, vector: Float64Array): void {
  const d = vector.length;
  for (let i = 0; i < d; i++) {
    let sum = vector[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * d + k]! * vector[k]!;
    vector[i] = sum / lower[i * d + i]!;
  }
}

/** Solves Lᵀ·y = b; `vector` holds b and then y. */
export function solveLowerTransposedInPlace(lower: Float64Array, vector: Float64Array): void {
  const d = vector.length;
  for (let i = d - 1; i >= 0; i--) {
    let sum = vector[i]!;
    for (let k = i + 1; k < d; k++) sum -= lower[k * d + i]! * vector[k]!;
    vector[i] = sum / lower[i * d + i]!;
  }
}
