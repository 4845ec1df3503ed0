/**
 * How a convolution aggregates an item's transformed neighbours (γ of PinSage, KDD 2018, Algorithm 1; compared in
 * §4.2): their mean weighted by importance, their plain mean, or the maximum of each coordinate. Stored weights
 * contain the index in this list, so entries must keep their order.
 */
export const POOLINGS = ['importance', 'mean', 'max'] as const;

export type Pooling = (typeof POOLINGS)[number];

/**
 * Weights of the plain mean, for rows of `size` importances: equal for each neighbour, and 0 if an importance is 0,
 * which means no neighbour.
 */
export function meanShares(importances: Float32Array, size: number): Float32Array {
  const shares = new Float32Array(importances.length);
  for (let start = 0; start < importances.length; start += size) {
    const known = importances
      .subarray(start, start + size)
      .reduce((sum, value) => sum + Number(value > 0), 0);
    for (let i = start; i < start + size; i++) if (importances[i]! > 0) shares[i] = 1 / known;
  }
  return shares;
}
