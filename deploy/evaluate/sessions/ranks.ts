import { bootstrapRatio, type Estimate, sumsByGroup } from '#algorithms/evaluation/bootstrap.ts';
import type { Random } from '#algorithms/random.ts';

/** Looked-for items are among so many. */
export const LIST = 20;

/** The place of the next item in the list of each method at each step, −1 where it is not there. */
export interface Ranks {
  /** The session of each step. */
  readonly sessions: readonly string[];
  readonly byMethod: ReadonlyMap<string, readonly number[]>;
}

export type SessionRow = {
  readonly name: string;
  readonly steps: number;
  /** Share of the steps whose next item is among the first 20. */
  readonly hr20: number;
  /** Mean of 1/rank, 0 beyond the first 20. */
  readonly mrr20: number;
  /** 95 % interval of `hr20` by bootstrap over the sessions, whose steps are alike. */
  readonly low: number;
  readonly high: number;
};

/** The rows of some methods, in this order; a method without a rank has zeros. */
export function rowsOf(ranks: Ranks, names: readonly string[], random: Random): SessionRow[] {
  return names.map((name) => {
    const places = ranks.byMethod.get(name) ?? [];
    const steps = places.length;
    if (steps === 0) return { name, steps, hr20: 0, mrr20: 0, low: 0, high: 0 };
    const { mean: hr20, low, high } = bySession(ranks, places.map(hit), random.fork(name));
    const mrr20 = places.reduce((sum, place) => sum + (place < 0 ? 0 : 1 / (place + 1)), 0) / steps;
    return { name, steps, hr20, mrr20, low, high };
  });
}

/** The lead of a method over a peer in `hr20`, step by step, and its 95 % interval by bootstrap over the sessions. */
export function leadOver(
  ranks: Ranks,
  method: string,
  peer: string,
  random: Random,
): { name: string } & Estimate {
  const [own, other] = [method, peer].map((name) => ranks.byMethod.get(name)!.map(hit));
  const leads = own!.map((value, step) => value - other![step]!);
  return { name: `${method} − ${peer}`, ...bySession(ranks, leads, random.fork(peer)) };
}

const hit = (place: number): number => (place >= 0 ? 1 : 0);

function bySession({ sessions }: Ranks, values: readonly number[], random: Random): Estimate {
  const { sums, counts } = sumsByGroup([values], sessions);
  return bootstrapRatio(sums, counts, random);
}
