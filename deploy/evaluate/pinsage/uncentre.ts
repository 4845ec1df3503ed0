import { dot, row } from '#algorithms/vectors.ts';

/**
 * Inverts `centreAndNormalise` for rows of length 1: a row z became e = (z − μ)/‖z − μ‖, so z = μ + t·e for the one t
 * > 0 that gives length 1. A row equal to the mean is returned as the mean. ‖μ‖ < 1.
 */
export function uncentre(vectors: Float32Array, mean: Float32Array): Float32Array {
  const dim = mean.length;
  const original = new Float32Array(vectors.length);
  const squaredMean = dot(mean, mean);
  for (let item = 0; item < vectors.length / dim; item++) {
    const centred = row(vectors, item, dim);
    const along = dot(mean, centred);
    const t = Math.sqrt(along ** 2 + 1 - squaredMean) - along;
    for (let i = 0; i < dim; i++) original[item * dim + i] = mean[i]! + t * centred[i]!;
  }
  return original;
}
