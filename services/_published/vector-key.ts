/** Components that round to the same multiple of 2⁻²⁰ are equal: float32 noise of the same computation is smaller. */
export const STEPS = 2 ** 20;

/** A digest of 53 bits that is the same for vectors whose components round to the same numbers. */
export function keyOf(vector: Float32Array): number {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  for (let i = 0; i < vector.length; i++) {
    const step = Math.round(vector[i]! * STEPS) | 0;
    high = Math.imul(high ^ step, 0x01000193);
    high ^= high >>> 15;
    low = Math.imul(low ^ step, 0x85ebca6b);
    low ^= low >>> 13;
  }
  return (high >>> 0) * 2 ** 21 + (low & 0x1fffff);
}
