/**
 * Lifts over the last pin in %, as PinnerSage reports them on Pinterest's data (KDD 2020, Tables 3 and 4). HierTCN is a
 * trained sequence model and has no counterpart here.
 */
export const PAPER = [
  row('decayed average', 28, 14, 8, 7),
  row('HierTCN', 31, 16, 21, 16),
  row('one medoid', 33, 18, 24, 18),
  row('k-means (5)', 91, 68, 32, 24),
  row('complete linkage', 88, 65, 29, 22),
  row('centroid', 105, 81, 37, 28),
  row('λ = 0', 97, 72, 31, 24),
  row('λ = 0.1', 94, 69, 30, 24),
  row('Ward + medoid, λ = 0.01', 110, 88, 37, 28),
];

function row(
  name: string,
  liftRelevance: number,
  liftRecall: number,
  liftRPrecision: number,
  liftReciprocalRank: number,
) {
  return { name, liftRelevance, liftRecall, liftRPrecision, liftReciprocalRank };
}
