/** Concentration of the alternative around the intended shares, in users. */
const CONCENTRATION = 1_000;

/**
 * The always-valid p-value of the test that users fall into the arms in the intended shares: the inverse of the largest Bayes factor of a
 * Dirichlet alternative so far is at most α with probability α, however often it is looked at (Lindon and Malek 2020). This is the factor at
 * the given counts. A value below .001 means that exposures are lost or added in one arm, and then no figure of the experiment holds.
 *
 * @param counts users by arm
 * @param shares intended, positive, of any sum
 * @returns in (0, 1]
 */
export function sampleRatioPValue(counts: readonly number[], shares: readonly number[]): number {
  const total = shares.reduce((a, b) => a + b, 0);
  const users = counts.reduce((a, b) => a + b, 0);
  let log = logGamma(CONCENTRATION) - logGamma(CONCENTRATION + users);
  for (const [arm, count] of counts.entries()) {
    const share = shares[arm]! / total;
    const prior = CONCENTRATION * share;
    log += logGamma(prior + count) - logGamma(prior) - count * Math.log(share);
  }
  return Math.min(1, Math.exp(-log));
}

const LANCZOS = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
  -0.5395239384953e-5,
];

/** ln Γ(x) for x > 0 by Lanczos' approximation; relative error below 2e−10. */
function logGamma(x: number): number {
  const shifted = x + 5.5;
  const sum = LANCZOS.reduce((series, c, i) => series + c / (x + 1 + i), 1.000000000190015);
  return (x + 0.5) * Math.log(shifted) - shifted + Math.log((2.5066282746310007 * sum) / x);
}
