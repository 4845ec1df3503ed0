/** By method, the place of the next item in the list at each step, −1 where it is not there. */
export type Ranks = Map<string, number[]>;

export type SessionRow = {
  readonly name: string;
  readonly steps: number;
  /** Share of the steps whose next item is among the first 20. */
  readonly hr20: number;
  /** Mean of 1/rank, 0 beyond the first 20. */
  readonly mrr20: number;
  /** Standard error of `hr20`. */
  readonly error: number;
};

export function rowsOf(ranks: Ranks): SessionRow[] {
  return [...ranks].map(([name, places]) => {
    const steps = places.length;
    const found = places.filter((place) => place >= 0);
    const hr20 = steps === 0 ? 0 : found.length / steps;
    const mrr20 = steps === 0 ? 0 : found.reduce((sum, place) => sum + 1 / (place + 1), 0) / steps;
    return { name, steps, hr20, mrr20, error: steps === 0 ? 0 : Math.sqrt((hr20 * (1 - hr20)) / steps) };
  });
}
