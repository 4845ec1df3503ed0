import type { Vector } from '../vectors.ts';

/** sum += vector · matrix, where the matrix has vector.length rows of sum.length numbers from `column` on, in rows of `width`. */
export function addProduct(
  sum: Float64Array,
  vector: Vector,
  matrix: Float32Array,
  { column = 0, width = sum.length }: { readonly column?: number; readonly width?: number } = {},
): void {
  const length = sum.length;
  for (let from = 0; from < vector.length; from++) {
    const factor = vector[from]!;
    if (factor === 0) continue;
    for (let to = 0, at = from * width + column; to < length; to++, at++) sum[to]! += factor * matrix[at]!;
  }
}
