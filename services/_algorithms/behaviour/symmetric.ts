/** Matrices are row-major Float64Arrays. */

/** Rows of `matrix` (n × width) multiplied out: its transpose times itself, width × width. */
export function gram(matrix: Float64Array, width: number): Float64Array {
  const product = new Float64Array(width * width);
  for (let start = 0; start < matrix.length; start += width) {
    for (let i = 0; i < width; i++) {
      const own = matrix[start + i]!;
      if (own === 0) continue;
      for (let j = i; j < width; j++) product[i * width + j]! += own * matrix[start + j]!;
    }
  }
  for (let i = 0; i < width; i++)
    for (let j = 0; j < i; j++) product[i * width + j] = product[j * width + i]!;
  return product;
}

/** `matrix` (n × width) times `square` (width × width). */
export function timesSquare(matrix: Float64Array, square: Float64Array, width: number): Float64Array {
  const product = new Float64Array(matrix.length);
  for (let start = 0; start < matrix.length; start += width) {
    for (let k = 0; k < width; k++) {
      const own = matrix[start + k]!;
      for (let j = 0; j < width; j++) product[start + j]! += own * square[k * width + j]!;
    }
  }
  return product;
}

export interface Eigen {
  /** Falling. */
  readonly values: Float64Array;
  /** Column j is the eigenvector of value j, of length 1. */
  readonly vectors: Float64Array;
}

const SWEEPS = 30;
/** Off-diagonal length, relative to the whole, at which the matrix counts as diagonal. */
const TOLERANCE = 1e-12;

/** Eigenvalues and vectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, §8.5); `matrix` is overwritten. */
export function eigenOfSymmetric(matrix: Float64Array, n: number): Eigen {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS && !isDiagonal(matrix, n); sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(matrix, vectors, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => matrix[b * n + b]! - matrix[a * n + a]! || a - b,
  );
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) sorted[i * n + to] = vectors[i * n + from]!;
  });
  return { values: Float64Array.from(order, (i) => matrix[i * n + i]!), vectors: sorted };
}

function isDiagonal(matrix: Float64Array, n: number): boolean {
  let off = 0;
  let all = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const square = matrix[i * n + j]! ** 2;
      all += square;
      if (i !== j) off += square;
    }
  }
  return off <= TOLERANCE ** 2 * all;
}

/** Makes the element p, q zero. */
function rotate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const off = matrix[p * n + q]!;
  if (off === 0) return;
  const theta = (matrix[q * n + q]! - matrix[p * n + p]!) / (2 * off);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(matrix, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(matrix, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(vectors, k * n + p, k * n + q, c, s);
}

function turn(matrix: Float64Array, first: number, second: number, c: number, s: number): void {
  const [a, b] = [matrix[first]!, matrix[second]!];
  matrix[first] = c * a - s * b;
  matrix[second] = s * a + c * b;
}
